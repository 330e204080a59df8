import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../model/settings.ts';
import { ClusterView } from './cluster-view.ts';
import { FILTERS } from './filters/registry.ts';
import type { HostView } from './host-view.ts';
import { plannedContainer, Scheduler } from './place.ts';
import { type PlacementRequest, placementRequest } from './request.ts';
import { addTestHosts, GIB, TEST_IMAGE, type TestHost } from './testing.ts';

function scheduler(hosts: readonly TestHost[], settings: Record<string, unknown> = {}, seed = 1): Scheduler {
  const view = new ClusterView();
  view.settings = settingsSchema.parse({ failureDomains: ['dc', 'rack'], ...settings });
  addTestHosts(view, hosts);
  return new Scheduler(view, { seed });
}

const members = (n: number, prefix = 'm') =>
  Array.from({ length: n }, (_, i) => ({ id: `${prefix}${i}`, name: `${prefix}${i}` }));

const request = (body: Record<string, unknown> = {}, name = 'web'): PlacementRequest =>
  placementRequest(name, { Image: TEST_IMAGE, ...body } as never);
const service = (name: string, rest: Record<string, unknown> = {}) =>
  request({ ...rest, Labels: { 'berth.service': name, ...(rest.Labels as object) } });

/** Number of placements by the value of a label. */
function tally(hosts: readonly HostView[], key: (host: HostView) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const host of hosts) counts[key(host)] = (counts[key(host)] ?? 0) + 1;
  return counts;
}
const rackOf = (host: HostView) => `${host.labels.get('dc') ?? ''}/${host.labels.get('rack') ?? ''}`;

describe('strategies', () => {
  it('spread: the least used host, then the one with the fewest containers, then by name', () => {
    const s = scheduler([{ name: 'b' }, { name: 'a' }, { name: 'c', memory: 16 * GIB }]);
    expect(s.place(request()).name).toBe('a');
    expect(s.place(request({ HostConfig: { Memory: GIB } })).name).toBe('c');
    s.view.putContainer('a-id', plannedContainer(request(), 'x', 'x'));
    expect(s.place(request()).name).toBe('b');
  });

  it('spread without a service looks at the load only, as in classic Swarm', () => {
    const s = scheduler([
      { name: 'a', labels: { rack: '1' } },
      { name: 'b', labels: { rack: '2' } },
    ]);
    for (const { id } of members(3))
      s.view.putContainer('b-id', plannedContainer(request({ Image: 'other' }), id, id));
    expect(s.placeGroup(request(), members(3, 'n')).map(({ name }) => name)).toEqual(['a', 'a', 'a']);
  });

  it('binpack: fills a host before it opens the next, also a smaller one', () => {
    const s = scheduler(
      [
        { name: 'a', memory: 4 * GIB },
        { name: 'b', memory: 16 * GIB },
        { name: 'c', memory: 4 * GIB },
      ],
      { strategy: 'binpack' },
    );
    s.view.putContainer('b-id', plannedContainer(request(), 'x', 'x'));
    const names = s.placeGroup(request({ HostConfig: { Memory: GIB } }), members(24)).map(({ name }) => name);
    expect(names.join('')).toBe(`${'b'.repeat(16)}aaaacccc`);
  });

  it('random: each host about as often as the others, and only those that fit', () => {
    const s = scheduler(
      [...'abcd'].map((name) => ({ name, cordoned: name === 'd' })),
      { strategy: 'random' },
    );
    const counts = tally(s.placeGroup(request(), members(3000)), ({ name }) => name);
    expect(Object.keys(counts).sort()).toEqual(['a', 'b', 'c']);
    for (const count of Object.values(counts)) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('a request may name its own strategy', () => {
    const s = scheduler([{ name: 'a' }, { name: 'b' }]);
    s.view.putContainer('b-id', plannedContainer(request(), 'x', 'x'));
    expect(s.place(request({ Labels: { 'berth.strategy': 'binpack' } })).name).toBe('b');
    expect(s.place(placementRequest('x', { Image: TEST_IMAGE }, { strategy: 'binpack' })).name).toBe('b');
  });
});

describe('failure domains', () => {
  it('no two replicas in one rack or datacenter while another fits, however uneven they are', () => {
    const s = scheduler([
      ...[1, 2, 3, 4].map((i) => ({ name: `a${i}`, labels: { dc: '1', rack: '1' } })),
      { name: 'b1', labels: { dc: '2', rack: '1' } },
      { name: 'b2', labels: { dc: '2', rack: '2' } },
      { name: 'b3', labels: { dc: '2', rack: '3' } },
    ]);
    const placed = s.placeGroup(service('web'), members(6));
    expect(new Set(placed.slice(0, 2).map((host) => host.labels.get('dc'))).size).toBe(2);
    expect(new Set(placed.slice(0, 4).map(rackOf)).size).toBe(4);
    // From then on evenly over the datacenters.
    expect(tally(placed, (host) => host.labels.get('dc') ?? '')).toEqual({ 1: 3, 2: 3 });
  });

  it('goes on in a rack that is full elsewhere, and counts replicas on hosts that are', () => {
    const s = scheduler([
      { name: 'a', labels: { rack: '1' }, memory: GIB },
      { name: 'b', labels: { rack: '2' }, memory: 8 * GIB },
      { name: 'c', labels: { rack: '2' }, memory: 8 * GIB },
    ]);
    const placed = s.placeGroup(service('web', { HostConfig: { Memory: GIB } }), members(5));
    expect(tally(placed, ({ name }) => name)).toEqual({ a: 1, b: 2, c: 2 });
  });

  it('takes the labels that a compose file prefers, with any strategy', () => {
    const hosts = [...'abcd'].map((name, i) => ({ name, labels: { zone: `z${i % 2}` } }));
    const s = scheduler(hosts, { strategy: 'binpack' });
    const placement = JSON.stringify({ preferences: [{ spread: 'node.labels.zone' }] });
    const placed = s.placeGroup(service('web', { Labels: { 'berth.placement': placement } }), members(4));
    expect(tally(placed, (host) => host.labels.get('zone') ?? '')).toEqual({ z0: 2, z1: 2 });
  });

  it('availability: a new zone each until there are enough, or none', () => {
    const hosts = [...'abcdef'].map((name, i) => ({
      name,
      labels: { az: `z${i % 3}` },
      memory: (i % 3 === 2 ? 1 : 8) * GIB,
    }));
    const hard = service('web', { Env: ['availability:az==3'], HostConfig: { Memory: 2 * GIB } });
    const s = scheduler(hosts);
    s.placeGroup(hard, members(2));
    expect(() => s.place(hard)).toThrow(
      /availability az==3 not met \(replicas are in 2 so far, one is here\)/,
    );
    const soft = service('web', { Env: ['availability:az==~3'], HostConfig: { Memory: 2 * GIB } });
    expect(scheduler(hosts).placeGroup(soft, members(5))).toHaveLength(5);
    const plain = service('other', { Env: ['availability:az==3'] });
    const placed = scheduler(hosts).placeGroup(plain, members(6));
    expect(new Set(placed.slice(0, 3).map((host) => host.labels.get('az'))).size).toBe(3);
  });
});

const hostArbitrary = fc.record({
  labels: fc.record({
    dc: fc.constantFrom('1', '2'),
    rack: fc.constantFrom('a', 'b', 'c'),
    disk: fc.constantFrom('ssd', 'hdd'),
  }),
  cpus: fc.integer({ min: 1, max: 4 }),
  memory: fc.integer({ min: 1, max: 8 }).map((gib) => gib * GIB),
  state: fc.constantFrom('ready' as const, 'ready' as const, 'ready' as const, 'down' as const),
  cordoned: fc.constantFrom(false, false, false, true),
});
const hostsArbitrary = fc
  .array(hostArbitrary, { minLength: 1, maxLength: 12 })
  .map((hosts) => hosts.map((host, i): TestHost => ({ ...host, name: `h${i}` })));
const bodyArbitrary = fc.record({
  service: fc.constantFrom('web', 'db', undefined),
  env: fc.subarray(
    [
      'constraint:disk==ssd',
      'constraint:rack!=~a',
      'constraint:rack==/[ab]/',
      'affinity:service!=db',
      'affinity:role!=~x',
      'whitelist:node==h0|h1|h2|h3',
      'availability:dc==~2',
    ],
    { maxLength: 2 },
  ),
  memory: fc.integer({ min: 0, max: 4 }),
  cpus: fc.constantFrom(0, 0.5, 1, 2),
  port: fc.constantFrom(undefined, '80', '80-81'),
  strategy: fc.constantFrom('spread', 'binpack', 'random'),
});

function requestOf(
  body: Readonly<{
    service?: string;
    env: string[];
    memory: number;
    cpus: number;
    port?: string;
    strategy: string;
  }>,
) {
  return request({
    Env: body.env,
    Labels: {
      role: 'x',
      'berth.strategy': body.strategy,
      ...(body.service && { 'berth.service': body.service }),
    },
    HostConfig: {
      Memory: body.memory * GIB,
      NanoCpus: body.cpus * 1e9,
      ...(body.port && { PortBindings: { '80/tcp': [{ HostPort: body.port }] } }),
    },
  });
}

type Step = { place: PlacementRequest } | { remove: number };
const stepsArbitrary = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: bodyArbitrary.map((body): Step => ({ place: requestOf(body) })) },
    { weight: 1, arbitrary: fc.nat({ max: 20 }).map((remove): Step => ({ remove })) },
  ),
  { maxLength: 40 },
);

/** Runs the steps; `placed` is asked after each decision and before the container is put there. */
function run(
  s: Scheduler,
  steps: readonly Step[],
  placed: (request: PlacementRequest, host: HostView | undefined) => void = () => {},
): readonly (string | undefined)[] {
  const there: { host: string; id: string }[] = [];
  return steps.map((step, i) => {
    if ('remove' in step) {
      const [gone] = there.splice(step.remove % Math.max(1, there.length), 1);
      if (gone !== undefined) s.view.removeContainer(gone.host, gone.id);
      return undefined;
    }
    let host: HostView | undefined;
    try {
      host = s.place(step.place);
    } catch {
      host = undefined;
    }
    placed(step.place, host);
    if (host === undefined) return undefined;
    s.view.putContainer(host.id, plannedContainer(step.place, `c${i}`, `c${i}`));
    there.push({ host: host.id, id: `c${i}` });
    return host.name;
  });
}

const passesAll = (s: Scheduler, asked: PlacementRequest, host: HostView, soft: boolean) =>
  FILTERS.every((filter) =>
    filter.prepare(asked, { view: s.view, soft }).every((check) => check.passes(host)),
  );

describe('properties', () => {
  it('no filter is ever violated, and nothing is refused while a host fits', () => {
    fc.assert(
      fc.property(hostsArbitrary, stepsArbitrary, (hosts, steps) => {
        const s = scheduler(hosts);
        run(s, steps, (asked, host) => {
          const soft = s.view.hosts.filter((one) => passesAll(s, asked, one, true));
          const hard = s.view.hosts.filter((one) => passesAll(s, asked, one, false));
          const allowed = soft.length > 0 ? soft : hard;
          if (host === undefined) expect(allowed).toEqual([]);
          else expect(allowed).toContain(host);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('no host is over its capacity, with any overcommit', () => {
    const ratio = fc.constantFrom(0.5, 1, 1.5, 3);
    fc.assert(
      fc.property(
        hostsArbitrary,
        stepsArbitrary,
        ratio,
        ratio,
        (hosts, steps, cpuOvercommit, memoryOvercommit) => {
          const s = scheduler(hosts, { cpuOvercommit, memoryOvercommit, reservedMemory: GIB / 2 });
          run(s, steps);
          for (const host of s.view.hosts) {
            const described = hosts.find(({ name }) => name === host.name);
            let memory = 0;
            let cpu = 0;
            for (const container of host.containers.values()) {
              memory += container.memory;
              cpu += container.cpuMilli;
            }
            expect(memory).toBeLessThanOrEqual(
              Math.max(0, (described?.memory ?? 0) - GIB / 2) * memoryOvercommit,
            );
            expect(cpu).toBeLessThanOrEqual((described?.cpus ?? 0) * 1000 * cpuOvercommit);
          }
        },
      ),
    );
  });

  it('a ranking that followed the changes gives what a new one would', () => {
    const withoutRandom = stepsArbitrary.map((steps) =>
      steps.filter((step) => !('place' in step) || step.place.strategy !== 'random'),
    );
    fc.assert(
      fc.property(hostsArbitrary, withoutRandom, (hosts, steps) => {
        const s = scheduler(hosts);
        run(s, steps, (asked, host) => {
          let fresh: HostView | undefined;
          try {
            fresh = new Scheduler(s.view).place(asked);
          } catch {
            fresh = undefined;
          }
          expect(host?.name).toBe(fresh?.name);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('the same seed gives the same hosts, in whatever order they joined', () => {
    fc.assert(
      fc.property(hostsArbitrary, stepsArbitrary, fc.nat(), (hosts, steps, seed) => {
        const first = run(scheduler(hosts, {}, seed), steps);
        expect(run(scheduler(hosts.toReversed(), {}, seed), steps)).toEqual(first);
      }),
    );
  });

  it('spread is within 1 on equal hosts, with resources and without, in a service and alone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(0, 64, 100),
        fc.boolean(),
        (n, count, mib, inService) => {
          const s = scheduler(Array.from({ length: n }, (_, i) => ({ name: `h${i}`, memory: 64 * GIB })));
          const body = { HostConfig: { Memory: mib * 1024 * 1024 } };
          s.placeGroup(inService ? service('web', body) : request(body), members(count));
          const sizes = s.view.hosts.map((host) => host.containers.size);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('no two replicas in one domain while another one fits', () => {
    fc.assert(
      fc.property(
        hostsArbitrary,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 3 }),
        (hosts, count, gib) => {
          const s = scheduler(hosts);
          const asked = service('web', { HostConfig: { Memory: gib * GIB } });
          const steps = Array.from({ length: count }, (): Step => ({ place: asked }));
          run(s, steps, (one, host) => {
            if (host === undefined) return;
            for (const domain of [rackOf, (h: HostView) => h.labels.get('dc') ?? '']) {
              const occupied = new Set([...s.view.hostsWith('web')].map(domain));
              const empty = s.view.hosts.filter(
                (h) => passesAll(s, one, h, true) && !occupied.has(domain(h)),
              );
              if (empty.length > 0) expect(occupied).not.toContain(domain(host));
            }
          });
        },
      ),
    );
  });

  it('binpack opens a host only where no opened one fits', () => {
    fc.assert(
      fc.property(
        hostsArbitrary,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 2 }),
        fc.nat({ max: 11 }),
        (hosts, count, gib, opened) => {
          const s = scheduler(hosts, { strategy: 'binpack' });
          const asked = request({ HostConfig: { Memory: gib * GIB, NanoCpus: 1e8 } });
          const first = s.view.hosts[opened % hosts.length];
          if (first !== undefined)
            s.view.putContainer(first.id, plannedContainer(request(), 'first', 'first'));
          const steps = Array.from({ length: count }, (): Step => ({ place: asked }));
          run(s, steps, (one, host) => {
            if (host === undefined || host.containers.size > 0) return;
            expect(s.view.hosts.filter((h) => h.containers.size > 0 && passesAll(s, one, h, true))).toEqual(
              [],
            );
          });
        },
      ),
    );
  });

  it('a group that does not fit as a whole leaves nothing behind', () => {
    const s = scheduler([{ name: 'a', memory: 2 * GIB }]);
    expect(() => s.placeGroup(request({ HostConfig: { Memory: GIB } }), members(3))).toThrow(
      'not enough memory',
    );
    expect(s.view.host('a-id')?.containers.size).toBe(0);
    expect(s.view.host('a-id')?.memoryUsed).toBe(0);
  });

  it('costs little more with a hundred times the hosts', () => {
    const time = (n: number) => {
      const s = scheduler(
        Array.from({ length: n }, (_, i) => ({
          name: `h${i}`,
          memory: 1024 * GIB,
          labels: { dc: `${i % 4}`, rack: `${i % 50}` },
        })),
      );
      const asked = service('web', { HostConfig: { Memory: GIB / 64 } });
      s.placeGroup(asked, members(2000, 'warm'));
      const started = performance.now();
      s.placeGroup(asked, members(5000));
      return performance.now() - started;
    };
    time(50);
    // log(5000) / log(50) is about 2.2; looking at every host would be 100.
    expect(time(5000)).toBeLessThan(time(50) * 20 + 20);
  });
});
