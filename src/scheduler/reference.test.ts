import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../model/settings.ts';
import { ClusterView } from './cluster-view.ts';
import { FILTERS } from './filters/registry.ts';
import type { HostView } from './host-view.ts';
import { plannedContainer, Scheduler } from './place.ts';
import { type PlacementRequest, placementRequest, replicaKey } from './request.ts';
import { STRATEGIES } from './strategies/registry.ts';
import { addTestHosts, GIB, TEST_IMAGE, type TestHost, testImageId } from './testing.ts';

/** What `Scheduler.place` must answer, found by asking every filter of every host and sorting: nothing is kept. */
function plainPlace(view: ClusterView, request: PlacementRequest): HostView | undefined {
  for (const soft of [true, false]) {
    const checks = FILTERS.flatMap((filter) => filter.prepare(request, { view, soft }));
    const fitting = view.hosts.filter((host) => checks.every((check) => check.passes(host)));
    if (fitting.length > 0) return fitting.sort(plainOrder(view, request))[0];
  }
  return undefined;
}

/** The order of `docs/design/scheduler.md`: new domains, even domains, fewest replicas, rank, tie, name. */
function plainOrder(view: ClusterView, request: PlacementRequest): (a: HostView, b: HostView) => number {
  const strategy = STRATEGIES.find(({ name }) => name === request.strategy);
  if (strategy === undefined) throw new Error(`no strategy ${request.strategy}`);
  const byCluster = strategy.spreadsDomains && request.service !== undefined;
  const labels = [
    ...request.availability.map(({ key }) => key),
    ...(request.spreadOver ?? (byCluster ? view.settings.failureDomains : [])),
  ];
  const key = byCluster || labels.length > 0 ? replicaKey(request) : '';
  const levels = [...new Set(labels)].map((_, level, all) => all.slice(0, level + 1));
  const domain = (host: HostView, level: readonly string[]) =>
    JSON.stringify(level.map((label) => host.labels.get(label) ?? ''));
  const replicas = (hosts: readonly HostView[]) =>
    hosts
      .flatMap(({ containers }) => [...containers.values()])
      .filter((container) => container.service === key).length;
  const inDomains = (host: HostView) =>
    levels.map((level) =>
      replicas(view.hosts.filter((other) => domain(other, level) === domain(host, level))),
    );
  const keys = (host: HostView) => {
    const counts = inDomains(host);
    const occupied = counts.filter((count) => count > 0).length;
    const load = [strategy.rank(host, request), strategy.tie(host), view.hosts.indexOf(host)];
    return [occupied, ...counts, replicas([host]), ...load];
  };
  return (a, b) => {
    const [ofA, ofB] = [keys(a), keys(b)];
    return ofA.map((value, i) => value - (ofB[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  };
}

const hostArbitrary = fc.record({
  labels: fc.record({
    dc: fc.constantFrom('1', '2'),
    rack: fc.constantFrom('a', 'b', 'c'),
    disk: fc.constantFrom('ssd', 'hdd'),
    containerslots: fc.constantFrom('1', '3', 'many', 'many'),
  }),
  cpus: fc.integer({ min: 1, max: 4 }),
  memory: fc.integer({ min: 1, max: 8 }).map((gib) => gib * GIB),
  state: fc.constantFrom('ready' as const, 'ready' as const, 'ready' as const, 'down' as const),
  cordoned: fc.constantFrom(false, false, false, true),
  images: fc.constantFrom([TEST_IMAGE], [TEST_IMAGE, 'redis:3'], ['redis:3']),
});
type HostTraits = typeof hostArbitrary extends fc.Arbitrary<infer T> ? T : never;

const requestArbitrary = fc
  .record({
    image: fc.constantFrom(TEST_IMAGE, TEST_IMAGE, 'redis'),
    service: fc.constantFrom('web', 'db', 'shop/db', undefined),
    project: fc.constantFrom(undefined, 'shop'),
    env: fc.subarray(
      [
        'constraint:disk==ssd',
        'constraint:rack!=~a',
        'constraint:rack==/[ab]/',
        'constraint:node!=h1',
        'affinity:image==~redis',
        'affinity:image!=~redis:3',
        'affinity:service!=db',
        'affinity:service==~db',
        'affinity:role!=~x',
        'affinity:role==~/^x$/',
        'affinity:container!=c1',
        'whitelist:node==h0|h1|h2|h3|h4|h5',
        'availability:dc==~2',
      ],
      { maxLength: 3 },
    ),
    memory: fc.integer({ min: 0, max: 3 }),
    reservation: fc.constantFrom(0, 0.25),
    cpus: fc.constantFrom(0, 0.5, 1),
    port: fc.constantFrom(undefined, undefined, '80', '80-81'),
    most: fc.constantFrom(undefined, undefined, 1, 2),
    role: fc.constantFrom('x', 'y'),
    strategy: fc.constantFrom('spread', 'binpack'),
  })
  .map(({ image, service, project, env, memory, reservation, cpus, port, most, role, strategy }) =>
    placementRequest('asked', {
      Image: image,
      Env: env,
      Labels: {
        role,
        'berth.strategy': strategy,
        ...(service && { 'berth.service': service }),
        ...(project && { 'com.docker.compose.project': project }),
        ...(most && { 'berth.placement': JSON.stringify({ max_replicas_per_node: most }) }),
      },
      HostConfig: {
        Memory: memory * GIB,
        MemoryReservation: Math.min(memory, reservation) * GIB,
        NanoCpus: cpus * 1e9,
        ...(port && { PortBindings: { '80/tcp': [{ HostPort: port }] } }),
      },
    } as never),
  );

type Step =
  | Readonly<{ do: 'place'; request: PlacementRequest }>
  | Readonly<{ do: 'remove'; which: number }>
  | Readonly<{ do: 'describe'; which: number; host: HostTraits; relabel: boolean }>
  | Readonly<{ do: 'leave'; which: number }>
  | Readonly<{ do: 'drop image'; which: number; image: string }>
  | Readonly<{ do: 'settings'; cpuOvercommit: number }>;

const which = fc.nat({ max: 30 });
const step = <T extends Step['do'], M extends Record<string, fc.Arbitrary<unknown>>>(what: T, model: M) =>
  fc.record({ do: fc.constant(what), ...model }) as unknown as fc.Arbitrary<Step>;
const stepsArbitrary = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: step('place', { request: requestArbitrary }) },
    { weight: 4, arbitrary: step('remove', { which }) },
    { weight: 4, arbitrary: step('describe', { which, host: hostArbitrary, relabel: fc.boolean() }) },
    { weight: 1, arbitrary: step('leave', { which }) },
    { weight: 2, arbitrary: step('drop image', { which, image: fc.constantFrom(TEST_IMAGE, 'redis:3') }) },
    { weight: 1, arbitrary: step('settings', { cpuOvercommit: fc.constantFrom(0.5, 1, 2) }) },
  ),
  { maxLength: 60 },
);

/** Runs the steps, each placement `repeat` times, and compares every choice with the plain one. */
function compare(
  hosts: readonly HostTraits[],
  steps: readonly Step[],
  repeat: number,
  maxRankedHosts: number | undefined,
): void {
  const view = new ClusterView();
  const settings = (more: object) =>
    settingsSchema.parse({ failureDomains: ['dc', 'rack'], reservedMemory: GIB / 4, ...more });
  view.settings = settings({});
  const labels = new Map<number, HostTraits['labels']>();
  const describeHost = (traits: HostTraits, i: number, relabel = true) => {
    const host: TestHost = { ...traits, name: `h${i}` };
    const before = labels.get(i);
    if (relabel || before === undefined) {
      labels.set(i, traits.labels);
      addTestHosts(view, [host]);
    } else addTestHosts(view, [{ ...host, labels: before, images: [] }]);
  };
  hosts.forEach((traits, i) => {
    describeHost(traits, i);
  });
  const scheduler = new Scheduler(view, maxRankedHosts === undefined ? {} : { maxRankedHosts });
  const there: { hostId: string; id: string }[] = [];
  let made = 0;
  const place = (request: PlacementRequest) => {
    const expected = plainPlace(view, request);
    let chosen: HostView | undefined;
    try {
      chosen = scheduler.place(request);
    } catch (thrown) {
      expect(String(thrown)).toMatch(/no host fits|No such image/);
    }
    expect(chosen?.name).toBe(expected?.name);
    if (chosen === undefined) return;
    const id = `c${made++}`;
    view.putContainer(chosen.id, plannedContainer(request, id, id));
    there.push({ hostId: chosen.id, id });
  };
  for (const one of steps) {
    const at = 'which' in one ? view.hosts[one.which % Math.max(1, view.size)] : undefined;
    if (one.do === 'place') for (let i = 0; i < repeat; i++) place(one.request);
    else if (one.do === 'remove') {
      const [gone] = there.splice(one.which % Math.max(1, there.length), 1);
      if (gone !== undefined) view.removeContainer(gone.hostId, gone.id);
    } else if (one.do === 'describe') describeHost(one.host, one.which % 10, one.relabel);
    else if (one.do === 'leave') {
      if (at !== undefined) view.removeHost(at.id);
    } else if (one.do === 'settings') view.settings = settings({ cpuOvercommit: one.cpuOvercommit });
    else if (at !== undefined) view.removeImage(at.id, testImageId(one.image));
  }
}

describe('a placement, whatever is kept between placements', () => {
  it('is the one that asking every host gives, while hosts, images, containers and settings change', () => {
    fc.assert(
      fc.property(
        fc.array(hostArbitrary, { minLength: 1, maxLength: 10 }),
        stepsArbitrary,
        fc.constantFrom(1, 3),
        fc.constantFrom(undefined, 1),
        compare,
      ),
      { numRuns: 400 },
    );
  });
});
