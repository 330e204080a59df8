import type { ReactNode } from 'react';
import type { Role } from '../../../src/contract/page-client.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { Empty } from './empty.tsx';
import { wordOf } from './state.tsx';

type Props = Readonly<{
  least: Role;
  /** Of the whole page, where what is not shown has its heading in it. */
  title?: string;
  children: ReactNode;
}>;

/** Shows what only some may see; others, that it is not for them. */
export function Needs({ least: needed, title, children }: Props) {
  const t = useText();
  const may = useMay();
  const { role } = useWho();
  if (may(needed)) return children;
  const why = t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', needed) });
  return (
    <>
      {title !== undefined && (
        <div className="head">
          <h1>{title}</h1>
        </div>
      )}
      <div className="card">
        <Empty title={why} hint={t('role.ask')} />
      </div>
    </>
  );
}
