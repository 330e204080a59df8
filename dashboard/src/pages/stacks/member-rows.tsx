import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { ServiceMember } from '../../../../src/contract/v1/services.ts';
import { nodesById, usePicture } from '../../cluster/use-cluster.tsx';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { State } from '../../parts/state.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  label: string;
  members: readonly ServiceMember[];
  maxHeight: string;
  /** The release that is wanted: containers of others say so. */
  release?: number;
}>;

/** Containers of services, with the index that each keeps. */
export function MemberRows({ label, members, maxHeight, release }: Props) {
  const w = useWords(words);
  const said = useSaid();
  const { nodes } = usePicture();
  const byId = useMemo(() => nodesById(nodes), [nodes]);
  return (
    <VirtualRows
      label={label}
      rows={members}
      rowHeight={48}
      maxHeight={maxHeight}
      columns="44px minmax(140px, 2fr) minmax(150px, 1.3fr) minmax(80px, 1fr) minmax(110px, 1.5fr) 110px"
      narrow="32px 1.4fr 1.1fr 0.7fr"
      heads={[
        { text: w('index') },
        { text: w('container') },
        { text: w('state') },
        { text: w('host') },
        { text: w('image'), wide: true },
        { text: w('started'), wide: true },
      ]}
      render={(member) => {
        const { id, name, index, hostName, hostId, image, refusal, startedAt } = member;
        const isSilent = byId.get(hostId)?.state === 'down';
        const isOld = release !== undefined && member.release !== release;
        const note = refusal === '' ? undefined : w('refused', { reason: said(refusal) });
        return [
          index,
          <span key="name">
            <Link to="/containers/$container" params={{ container: id }} title={name}>
              <bdi>{name}</bdi>
            </Link>{' '}
            {isOld && <span className="chip wide">{w('old', { n: member.release })}</span>}
          </span>,
          <span key="state" title={note}>
            <MemberState member={member} isSilent={isSilent} />
            {note !== undefined && <small className="row-note">{note}</small>}
          </span>,
          <Link key="host" className="quiet" to="/hosts/$host" params={{ host: hostName }}>
            {hostName}
          </Link>,
          <span key="image" title={image}>
            {image}
          </span>,
          <Ago key="started" at={startedAt} />,
        ];
      }}
    />
  );
}

type StateProps = Readonly<{ member: ServiceMember; isSilent: boolean }>;

function MemberState({ member: { state, health }, isSilent }: StateProps) {
  const w = useWords(words);
  if (state === 'leaving') return <span className="state tone-busy hollow">{w('state.leaving')}</span>;
  return <State state={isSilent ? 'unreachable' : state} health={health} />;
}
