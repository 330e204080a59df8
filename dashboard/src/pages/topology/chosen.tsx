import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { useLive } from '../../cluster/use-cluster.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { CpuMeter, MemoryMeter } from '../../parts/capacity.tsx';
import { Icon } from '../../parts/icons.tsx';
import { State } from '../../parts/state.tsx';
import { type Domain, figuresOf, hostsIn, wayTo } from './domains.ts';
import { type Amount, serviceOf, sharesOf } from './host-paint.ts';
import type { Marked } from './scene.ts';
import { nameOf } from './texts.ts';
import { words } from './words.ts';

type Props = Readonly<{
  root: Domain;
  chosen: Marked;
  onChoose(marked: Marked): void;
  onShow(marked: Marked): void;
  /** What the host that is chosen uses now. */
  used: Amount | undefined;
  planButton(node: Node): ReactNode;
}>;

/** What is chosen on the map or in the list, with the way to it; the whole cluster where nothing is. */
export function ChosenCard({ root, chosen, onChoose, onShow, used, planButton }: Props) {
  const t = useText();
  const w = useWords(words);
  const live = useLive();
  const way = wayTo(root, ({ key, hosts }) =>
    chosen.host === undefined ? key === (chosen.domain ?? '') : hosts.some(({ id }) => id === chosen.host),
  );
  const node = way.at(-1)?.hosts.find(({ id }) => id === chosen.host);
  const container =
    node === undefined ? undefined : live.containersOn(node.id).find(({ id }) => id === chosen.container);
  const shares = node === undefined || used === undefined ? undefined : sharesOf(node, used);
  const domain = way.at(-1) ?? root;
  const figures = figuresOf(node === undefined ? hostsIn(domain) : [node]);
  const crumbs: readonly (readonly [name: string, marked: Marked])[] = [
    ...way.map((one) => [nameOf(one, w), { domain: one.key }] as const),
    ...(node === undefined ? [] : [[node.name, { host: node.id }] as const]),
    ...(container === undefined || node === undefined
      ? []
      : [[container.name, { host: node.id, container: container.id }] as const]),
  ];
  return (
    <section className="card card-body" aria-label={w('chosen')}>
      <nav aria-label={w('path')} className="topo-way">
        {crumbs.map(([name, marked], i) => (
          <button
            key={JSON.stringify(marked)}
            type="button"
            aria-current={i === crumbs.length - 1 ? 'true' : undefined}
            onClick={() => onShow(marked)}
          >
            <bdi title={name}>{name}</bdi>
          </button>
        ))}
      </nav>
      {container !== undefined && <Container container={container} />}
      {container === undefined && (
        <>
          {node !== undefined && (
            <div className="topo-facts">
              <State state={node.state} />
              {node.cordoned && <span className="chip">{t('hosts.cordoned')}</span>}
              {node.reason !== '' && <p className="note">{node.reason}</p>}
            </div>
          )}
          <p className="note">
            {node === undefined && `${w('ready', { ready: figures.ready, all: figures.hosts })} · `}
            {w('containers', { n: figures.containers })} · {w('running', { n: figures.running })}
          </p>
          <div className="topo-meters">
            <CpuMeter {...figures} />
            <MemoryMeter {...figures} />
          </div>
          {shares !== undefined && (
            <p className="note">
              {w('used', { cpu: Math.round(100 * shares.cpu), memory: Math.round(100 * shares.memory) })}
            </p>
          )}
        </>
      )}
      <div className="topo-buttons">
        {node !== undefined && (
          <Button
            variant="default"
            renderRoot={(props) =>
              container === undefined ? (
                <Link {...props} to="/hosts/$host" params={{ host: node.name }} />
              ) : (
                <Link {...props} to="/containers/$container" params={{ container: container.id }} />
              )
            }
          >
            {w('open')}
          </Button>
        )}
        {crumbs.length > 1 && (
          <Button variant="default" onClick={() => onShow(crumbs.at(-1)?.[1] ?? {})}>
            {w('show')}
          </Button>
        )}
        {node !== undefined && container === undefined && planButton(node)}
        {crumbs.length > 1 && (
          <Button variant="subtle" aria-label={t('app.close')} onClick={() => onChoose({})}>
            <Icon name="close" size={16} />
          </Button>
        )}
      </div>
    </section>
  );
}

function Container({ container }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  const service = serviceOf(container);
  return (
    <dl className="facts">
      <dt>{t('containers.state')}</dt>
      <dd>
        <State state={container.state} health={container.health} />
      </dd>
      <dt>{t('containers.image')}</dt>
      <dd>{container.image}</dd>
      {service !== undefined && (
        <>
          <dt>{t('container.service')}</dt>
          <dd>
            <bdi>{service}</bdi>
          </dd>
        </>
      )}
    </dl>
  );
}
