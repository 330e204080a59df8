import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Warning } from '../../../../src/contract/v1/cluster.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { piecesOf } from './name-links.ts';
import { words } from './words.ts';

type Kind = Warning['subject']['kind'];

/** A sentence of the manager's, whose names lead to what they name; where it names nothing, a link behind it does. */
export function WarningLine({ warning }: Readonly<{ warning: Warning }>) {
  const w = useWords(words);
  const said = useSaid();
  const { text, severity, subject } = warning;
  const { kind, names } = subject;
  const pieces = piecesOf(said(text), names);
  const isLinked = pieces.some(({ name }) => name !== undefined);
  return (
    <li className={`warning-line ${severity === 'bad' ? 'tone-bad' : 'tone-busy'}`}>
      <span className="warning-severity">{w(`severity.${severity}`)}</span>{' '}
      {pieces.map((piece) =>
        piece.name === undefined ? (
          piece.text
        ) : (
          <SubjectLink key={piece.name} kind={kind} name={piece.name}>
            <bdi>{piece.text}</bdi>
          </SubjectLink>
        ),
      )}
      {!isLinked && (
        <>
          {' '}
          <SubjectLink kind={kind} name={names.length === 1 ? names[0] : undefined}>
            {w(`see.${kind}`)}
          </SubjectLink>
        </>
      )}
    </li>
  );
}

type LinkProps = Readonly<{ kind: Kind; name: string | undefined; children: ReactNode }>;

function SubjectLink({ kind, name, children }: LinkProps) {
  switch (kind) {
    case 'service': {
      const [stack = '', service = ''] = name?.split('/') ?? [];
      if (service === '') return <Link to="/stacks">{children}</Link>;
      return (
        <Link to="/stacks/$stack/services/$service" params={{ stack, service }}>
          {children}
        </Link>
      );
    }
    case 'route':
      if (name === undefined) return <Link to="/router">{children}</Link>;
      return (
        <Link to="/router/route/$route" params={{ route: name }}>
          {children}
        </Link>
      );
    case 'certificate':
      return (
        <Link to="/router" search={{ tab: 'certificates' }}>
          {children}
        </Link>
      );
    case 'container':
      if (name === undefined) return <Link to="/containers">{children}</Link>;
      return (
        <Link to="/containers/$container" params={{ container: name }}>
          {children}
        </Link>
      );
    case 'orphan':
      return <Link to="/orphans">{children}</Link>;
    case 'host':
    case 'cluster':
      if (name === undefined) return <Link to="/hosts">{children}</Link>;
      return (
        <Link to="/hosts/$host" params={{ host: name }}>
          {children}
        </Link>
      );
  }
}
