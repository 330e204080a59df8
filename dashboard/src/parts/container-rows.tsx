import { Link } from '@tanstack/react-router';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import { shownState } from '../cluster/use-cluster.tsx';
import { useText } from '../i18n/text.tsx';
import { portsText } from './format.ts';
import { State } from './state.tsx';
import { Ago } from './time.tsx';
import { VirtualRows } from './virtual-rows.tsx';

type Props = Readonly<{
  label: string;
  containers: readonly ContainerView[];
  nodes: ReadonlyMap<string, Node>;
  /** The page is of one host. */
  hideHost?: boolean;
  maxHeight: string;
}>;

/** A list of containers, however long. */
export function ContainerRows({ label, containers, nodes, hideHost = false, maxHeight }: Props) {
  const t = useText();
  const host = hideHost ? [] : ['minmax(80px, 1fr)'];
  return (
    <VirtualRows
      label={label}
      rows={containers}
      rowHeight={44}
      maxHeight={maxHeight}
      columns={[
        'minmax(150px, 2fr)',
        'minmax(180px, 1.2fr)',
        'minmax(120px, 2fr)',
        ...host,
        '1.2fr',
        '120px',
      ].join(' ')}
      narrow={hideHost ? '1.6fr 1fr' : '1.5fr 1fr 0.6fr'}
      heads={[
        { text: t('containers.name') },
        { text: t('containers.state') },
        { text: t('containers.image'), wide: true },
        ...(hideHost ? [] : [{ text: t('containers.host') }]),
        { text: t('containers.ports'), wide: true },
        { text: t('containers.created'), wide: true },
      ]}
      render={(one) => [
        <Name key="name" container={one} />,
        <State key="state" state={shownState(one, nodes)} health={one.health} />,
        <span key="image" title={one.image}>
          {one.image}
        </span>,
        ...(hideHost
          ? []
          : [
              <Link key="host" className="quiet" to="/hosts/$host" params={{ host: one.hostName }}>
                {one.hostName}
              </Link>,
            ]),
        <span key="ports" className="mono" title={portsText(one.ports)}>
          {portsText(one.ports)}
        </span>,
        <Ago key="created" at={one.createdAt} />,
      ]}
    />
  );
}

function Name({ container: { id, name, managed } }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  return (
    <>
      <Link to="/containers/$container" params={{ container: id }} title={name}>
        <bdi>{name}</bdi>
      </Link>
      {!managed && (
        <>
          {' '}
          <span className="chip">{t('containers.unmanaged')}</span>
        </>
      )}
    </>
  );
}
