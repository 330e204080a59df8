import '../router/router.css';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../../i18n/text.tsx';
import { Needs } from '../../parts/needs.tsx';
import { TabPage } from '../../parts/tab-page.tsx';
import { JoinTokens } from './join-tokens.tsx';
import { ApiTokens } from './tokens.tsx';
import { UserList } from './user-list.tsx';
import { words } from './words.ts';

const route = getRouteApi('/users');

/** Who may do what, and with which keys. */
export function UsersPage() {
  const w = useWords(words);
  const navigate = useNavigate();
  const forAdmins = (body: ReactNode) => <Needs least="admin">{body}</Needs>;
  return (
    <TabPage
      title={w('title')}
      chosen={route.useSearch().tab}
      onChoose={(tab) => void navigate({ to: '/users', search: { tab } })}
      tabs={[
        { id: 'users', label: w('users'), body: forAdmins(<UserList />) },
        { id: 'tokens', label: w('tokens'), body: forAdmins(<ApiTokens />) },
        { id: 'join', label: w('join'), body: forAdmins(<JoinTokens />) },
      ]}
    />
  );
}
