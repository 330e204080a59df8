import '../tab-page.css';
import '../router/router.css';
import { Tabs } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTitle } from '../../app/shell.tsx';
import { useWords } from '../../i18n/text.tsx';
import { Needs } from '../../parts/needs.tsx';
import { JoinTokens } from './join-tokens.tsx';
import { ApiTokens } from './tokens.tsx';
import { UserList } from './user-list.tsx';
import { words } from './words.ts';

const route = getRouteApi('/users');
const TABS = ['users', 'tokens', 'join'] as const;

/** Who may do what, and with which keys. */
export function UsersPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const navigate = useNavigate();
  const { tab } = route.useSearch();
  const chosen = TABS.find((one) => one === tab) ?? 'users';
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
      </div>
      <Needs least="admin">
        <Tabs
          value={chosen}
          keepMounted={false}
          onChange={(value) => void navigate({ to: '/users', search: value === null ? {} : { tab: value } })}
        >
          <Tabs.List className="tab-list">
            {TABS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {w(one)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="users">
            <UserList />
          </Tabs.Panel>
          <Tabs.Panel value="tokens">
            <ApiTokens />
          </Tabs.Panel>
          <Tabs.Panel value="join">
            <JoinTokens />
          </Tabs.Panel>
        </Tabs>
      </Needs>
    </>
  );
}
