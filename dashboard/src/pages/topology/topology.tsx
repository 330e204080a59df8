import './topology.css';
import { Button, NativeSelect } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import type { Moves } from '../../../../src/contract/v1/moves.ts';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import type { MovesQuestion } from '../../actions/moves-plan.tsx';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useCalmPicture, useLive } from '../../cluster/use-cluster.tsx';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FilterBox } from '../../parts/filter-box.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton, RoleLink } from '../../parts/role-button.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { ChosenCard } from './chosen.tsx';
import { domainsOf } from './domains.ts';
import { NO_PLAN, type PlanOnMap, planOnMap } from './flows.ts';
import { type Amount, type ColourBy, isHostMatch, serviceOf } from './host-paint.ts';
import { layoutOf, type PlacedDomain } from './layout.ts';
import { Legend } from './legend.tsx';
import { serviceColours } from './look.ts';
import { MapView, markOf } from './map-view.tsx';
import { PlacePlanCard } from './place-plan.tsx';
import { PlanCard } from './plan.tsx';
import { ScalePlanCard } from './scale-plan.tsx';
import type { Hit, Marked, Scene } from './scene.ts';
import { nameOf } from './texts.ts';
import { HostTree } from './tree.tsx';
import { words } from './words.ts';

const route = getRouteApi('/topology');

/** Hosts and containers may change many times a second; the map draws what changes by itself. */
const CALM_MS = 400;
/** Which services there are changes seldom, and is a look at every container. */
const SERVICES_MS = 2000;
/** As often as hosts measure themselves. */
const USED_MS = 5000;
const NOTHING: Marked = {};
/** One plan is drawn at a time. */
const NO_QUESTION = { drain: undefined, rebalance: undefined, scale: undefined, count: undefined };

export function TopologyPage() {
  const w = useWords(words);
  const { nodes, complete } = useCalmPicture(CALM_MS);
  useTitle(w('title'));
  const settings = useLiveQuery(['settings'], (signal) => client.call('settings.get', undefined, { signal }));
  const labels = settings.data?.settings.failureDomains;
  const isEmpty = nodes.length === 0;
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        <span className="note">{w('hint')}</span>
        <div className="head-side">
          <CopyAs way={{ cli: 'berth node ls', route: 'node.list' }} />
        </div>
      </div>
      {settings.error !== null && labels === undefined && <Problem error={settings.error} />}
      {isEmpty && complete && (
        <div className="card">
          <Empty title={w('empty.title')} hint={w('empty.hint')}>
            <AddHost />
          </Empty>
        </div>
      )}
      {((isEmpty && !complete) || (labels === undefined && settings.error === null)) && <Waiting />}
      {!isEmpty && labels !== undefined && <Topology nodes={nodes} labels={labels} />}
    </>
  );
}

function AddHost() {
  const t = useText();
  return (
    <RoleLink needs="admin" renderRoot={(props) => <Link {...props} to="/hosts" search={{ add: true }} />}>
      {t('hosts.add')}
    </RoleLink>
  );
}

type Props = Readonly<{ nodes: readonly Node[]; labels: readonly string[] }>;

function Topology({ nodes, labels }: Props) {
  const w = useWords(words);
  const live = useLive();
  const search = route.useSearch();
  const navigate = useNavigate();
  const { q = '', by = 'service' } = search;
  const [scene, setScene] = useState<Scene>();
  const first = nodes.find(({ name }) => name === search.host);
  const [chosen, setChosen] = useState<Marked>(first === undefined ? NOTHING : { host: first.id });
  const [moves, setMoves] = useState<Moves['waiting']>([]);
  const root = useMemo(() => domainsOf(nodes, labels), [nodes, labels]);
  const layout = useMemo(() => layoutOf(root), [root]);
  const { services, colours } = useServices();
  const used = useUsed();
  const text = useDeferredValue(q);
  const [scaled, setScaled] = useState<PlanOnMap>(NO_PLAN);
  const plan = useMemo(() => (moves.length === 0 ? scaled : planOnMap(moves)), [moves, scaled]);
  const queried = useMemo(() => text.toLowerCase().split(/\s+/).filter(Boolean), [text]);
  const domainText = useCallback(
    ({ domain, hosts }: PlacedDomain) => `${nameOf(domain, w)} · ${w('hosts', { n: hosts })}`,
    [w],
  );
  const options = useMemo(
    () => ({ by, colours, words: queried, ...plan, domainText }),
    [by, colours, queried, plan, domainText],
  );
  const found = useMemo(
    () =>
      queried.length === 0
        ? undefined
        : nodes.filter((node) => isHostMatch(node, live.containersOn(node.id), queried)).length,
    [queried, nodes, live],
  );
  const go = (change: Partial<typeof search>) => {
    const all = Object.entries({ ...search, ...change }).filter(
      ([, value]) => value !== undefined && value !== '',
    );
    void navigate({ to: '/topology', search: Object.fromEntries(all), replace: true });
  };
  const drained = nodes.find(({ name, id }) => name === search.drain || id === search.drain);
  const [stack, service] = search.scale?.split('/') ?? [];
  const question: MovesQuestion | undefined =
    search.drain !== undefined
      ? { kind: 'drain', node: drained?.id ?? search.drain }
      : search.rebalance === true
        ? { kind: 'rebalance' }
        : undefined;
  const show = (marked: Marked) => {
    setChosen(marked);
    scene?.show(marked.domain === '' ? undefined : scene.boxOf(marked));
  };
  return (
    <>
      <div className="filters">
        <FilterBox label={w('filter')} value={q} onChange={(value) => go({ q: value })} />
        <NativeSelect
          aria-label={w('by')}
          value={by}
          onChange={(event) => go({ by: event.currentTarget.value as ColourBy })}
          data={[
            { value: 'service', label: w('by.service') },
            { value: 'health', label: w('by.health') },
          ]}
        />
        <PlanButton label={w('plan.rebalance')} onClick={() => go({ rebalance: true, drain: undefined })} />
        <Button variant="default" onClick={() => go({ ...NO_QUESTION, place: true })}>
          {w('place.open')}
        </Button>
        <span className="note topo-found" role="status">
          {found !== undefined && w('found', { n: found })}
        </span>
      </div>
      {root.children.length === 0 && (
        <p className="note topo-note">{w('no.labels', { labels: labels.join(', ') })}</p>
      )}
      <div className="topo">
        <div className="topo-main">
          <MapView
            layout={layout}
            options={options}
            used={used}
            chosen={chosen}
            onChoose={(hit: Hit) => setChosen(markOf(hit))}
            onScene={setScene}
          />
          <Legend by={by} services={services} colours={colours} />
        </div>
        <aside className="topo-side">
          {question === undefined && search.scale === undefined && search.place === true && (
            <PlacePlanCard onClose={() => go({ place: undefined })} onPlan={setScaled} />
          )}
          {question === undefined && stack && service && search.count !== undefined && (
            <ScalePlanCard
              key={`${stack}/${service} ${search.count}`}
              stack={stack}
              service={service}
              count={search.count}
              onClose={() => go({ scale: undefined, count: undefined })}
              onPlan={setScaled}
            />
          )}
          {question !== undefined && (
            <PlanCard
              key={JSON.stringify(question)}
              question={question}
              node={drained}
              onClose={() => go({ drain: undefined, rebalance: undefined })}
              onMoves={setMoves}
            />
          )}
          <ChosenCard
            root={root}
            chosen={chosen}
            onChoose={setChosen}
            onShow={show}
            used={chosen.host === undefined ? undefined : used.get(chosen.host)}
            planButton={(node) => (
              <PlanButton
                label={w('plan.drain')}
                onClick={() => go({ drain: node.name, rebalance: undefined })}
              />
            )}
          />
          <section className="card topo-list">
            <HostTree root={root} chosen={chosen} onChoose={setChosen} onOpen={show} />
          </section>
        </aside>
      </div>
    </>
  );
}

/** Which services there are, with how many containers each, and their colours: the same ones as long as there are no others. */
function useServices() {
  const { containers } = useCalmPicture(SERVICES_MS);
  const services = useMemo(() => {
    const counts = new Map<string, number>();
    for (const one of containers) {
      const name = serviceOf(one);
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }, [containers]);
  const names = [...services.keys()].sort().join('\n');
  const colours = useMemo(() => serviceColours(names === '' ? [] : names.split('\n')), [names]);
  return { services, colours };
}

/** What hosts use, asked for as often as they measure it, while somebody looks. */
function useUsed(): ReadonlyMap<string, Amount> {
  const { data } = usePolledQuery(
    ['used'],
    (signal) => client.call('metrics.hosts', undefined, { signal }),
    USED_MS,
  );
  return useMemo(() => new Map(data?.hosts.map((one) => [one.host, one])), [data]);
}

/** What is only looked at needs the role of who may do it, too. */
function PlanButton({ label, onClick }: Readonly<{ label: string; onClick(): void }>) {
  return (
    <RoleButton needs="admin" variant="default" onClick={onClick}>
      {label}
    </RoleButton>
  );
}
