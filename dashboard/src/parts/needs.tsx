import type { ReactNode } from 'react';
import type { Role } from '../../../src/contract/page-client.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { Empty } from './empty.tsx';
import { wordOf } from './state.tsx';

/** Shows what only some may see; others, that it is not for them. */
export function Needs({ least: needed, children }: Readonly<{ least: Role; children: ReactNode }>) {
  const t = useText();
  const may = useMay();
  const { role } = useWho();
  if (may(needed)) return children;
  const why = t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', needed) });
  return (
    <div className="card">
      <Empty title={why} hint={t('role.ask')} />
    </div>
  );
}
