import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostState } from '../../model/host.ts';
import { ClusterView } from '../../scheduler/cluster-view.ts';
import { plannedContainer, Scheduler } from '../../scheduler/place.ts';
import { placementRequest } from '../../scheduler/request.ts';
import { addTestHosts, GIB, TEST_IMAGE } from '../../scheduler/testing.ts';
import { batchesOf } from './batches.ts';
import { groupsOf } from './groups.ts';
import { type Candidate, planMoves } from './moves.ts';
import { planRebalance } from './rebalance.ts';
import { LONGEST_REST_MS, restMs, trustAt, trustWhenBack, trustWhenDown } from './trust.ts';
import { type HostSign, judge, NOTHING_VANISHED, type Vanished } from './vanished.ts';

type Shape = Readonly<{ rack: number; down: boolean; cordoned: boolean; load: readonly number[] }>;
const shapes = fc.array(
  fc.record({
    rack: fc.integer({ min: 0, max: 2 }),
    down: fc.boolean(),
    cordoned: fc.boolean(),
    load: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 6 },
);

/** A cluster with the real scheduler; containers ask for so many GiB, on hosts of 8. */
function cluster(hosts: readonly Shape[]) {
  const view = new ClusterView();
  addTestHosts(
    view,
    hosts.map(({ rack, down, cordoned }, i) => ({
      name: `h${i}`,
      ...{ labels: { rack: `r${rack}` }, cordoned, state: down ? 'down' : 'ready' },
    })),
  );
  const scheduler = new Scheduler(view);
  const where = new Map<string, string>();
  const request = (id: string) => {
    const gib = Number(id.split('-').at(-1));
    return placementRequest(id, { Image: TEST_IMAGE, HostConfig: { Memory: gib * GIB } });
  };
  const put = (id: string, hostId: string) => {
    view.putContainer(hostId, plannedContainer(request(id), id, id));
    where.set(id, hostId);
  };
  const lift = (ids: readonly string[]) => {
    for (const id of ids) view.removeContainer(where.get(id) ?? '', id);
  };
  const bench = {
    lift,
    putBack: put,
    whyOnly: () => undefined,
    place(id: string) {
      try {
        const hostId = scheduler.place(request(id)).id;
        put(id, hostId);
        return { hostId };
      } catch (thrown) {
        return { refusal: String(thrown) };
      }
    },
  };
  const candidates = hosts.flatMap(({ load }, i): Candidate[] =>
    load.map((gib, n) => ({ id: `c${i}-${n}-${gib}`, name: `c${i}-${n}-${gib}`, from: `h${i}-id` })),
  );
  for (const { id, from } of candidates) put(id, from);
  return { view, bench, candidates, where };
}

describe('planMoves', () => {
  it('gives each container one host at most, and none to a host that fails its filters', () => {
    fc.assert(
      fc.property(shapes, (hosts) => {
        const { view, bench, candidates } = cluster(hosts);
        const leaving = candidates.filter(({ from }) => view.host(from)?.state === 'down');
        bench.lift(leaving.map(({ id }) => id));
        const { moves, stays } = planMoves(leaving, bench);
        const named = [...moves, ...stays].map(({ id }) => id).sort();
        expect(named).toEqual(leaving.map(({ id }) => id).sort());
        for (const { to, from } of moves) {
          expect(to).not.toBe(from);
          expect(view.host(to)).toMatchObject({ state: 'ready', cordoned: false });
        }
        for (const host of view.hosts)
          if (moves.some(({ to }) => to === host.id) && !hosts.some(({ load }) => sum(load) > 8))
            expect(host.memoryUsed).toBeLessThanOrEqual(host.memoryCapacity);
        // A second look at what is left finds nothing that the first has missed.
        expect(planMoves(stays, bench).moves).toEqual([]);
      }),
    );
  });
});

describe('planRebalance', () => {
  it('never makes the hosts less level, moves each container once at most, and is done after one run', () => {
    fc.assert(
      fc.property(shapes, (hosts) => {
        const open = hosts.map((host) => ({
          ...host,
          down: false,
          cordoned: false,
          load: host.load.map(() => 0),
        }));
        const { bench, candidates, where } = cluster(open);
        const weighted = candidates.map((one) => ({ ...one, load: 1 }));
        const loads = () => {
          const counts = new Map(open.map((_, i) => [`h${i}-id`, 0]));
          for (const hostId of where.values()) counts.set(hostId, (counts.get(hostId) ?? 0) + 1);
          return counts;
        };
        const before = loads();
        const { moves } = planRebalance(weighted, before, bench);
        const after = [...loads().values()];
        expect(new Set(moves.map(({ id }) => id)).size).toBe(moves.length);
        expect(Math.max(...after) - Math.min(...after)).toBeLessThanOrEqual(1);
        // As few as possible: what is over the level has to go, and no more.
        const level = Math.floor(weighted.length / open.length);
        const extra = weighted.length % open.length;
        const sorted = [...before.values()].sort((a, b) => b - a);
        const least = sum(sorted.map((load, i) => Math.max(0, load - level - (i < extra ? 1 : 0))));
        expect(moves.length).toBe(least);
        const again = weighted.map((one) => ({ ...one, from: where.get(one.id) ?? '' }));
        expect(planRebalance(again, loads(), bench).moves).toEqual([]);
      }),
    );
  });
});

describe('groupsOf', () => {
  it('has each container once, with all that it follows on its host, and none of another host', () => {
    const one = fc.record({
      from: fc.constantFrom('h1', 'h2'),
      follows: fc.array(fc.integer({ min: 0, max: 9 }).map(String), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 10 }), (list) => {
        const all = list.map((each, i) => ({ id: String(i), ...each }));
        const groups = groupsOf(all);
        const ids = groups.flat().map(({ id }) => id);
        expect(ids.sort()).toEqual(all.map(({ id }) => id).sort());
        const groupOf = new Map(groups.flatMap((group) => group.map(({ id }) => [id, group] as const)));
        for (const group of groups) expect(new Set(group.map(({ from }) => from)).size).toBe(1);
        for (const { id, from, follows } of all)
          for (const leader of follows)
            if (all[Number(leader)]?.from === from) expect(groupOf.get(leader)).toBe(groupOf.get(id));
        // No larger than it must be: who neither follows nor is followed is alone.
        for (const { id, from, follows } of all) {
          const ties = all.some(
            (other) => other.id !== id && other.from === from && other.follows.includes(id),
          );
          const tied = follows.some((leader) => leader !== id && all[Number(leader)]?.from === from);
          if (!ties && !tied) expect(groupOf.get(id)?.length).toBe(1);
        }
      }),
    );
  });
});

describe('batchesOf', () => {
  it('has each container once, no service twice in a batch, and none before an earlier round', () => {
    const one = fc.record({
      service: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
      round: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), (list) => {
        const all = list.map((each, i) => ({ id: String(i), ...each }));
        const batches = batchesOf(all, 4);
        expect(
          batches
            .flat()
            .map(({ id }) => id)
            .sort(),
        ).toEqual(all.map(({ id }) => id).sort());
        const rounds = batches.flat().map(({ round }) => round);
        expect(rounds).toEqual([...rounds].sort());
        for (const batch of batches) {
          const services = batch.flatMap(({ service }) => service ?? []);
          expect(new Set(services).size).toBe(services.length);
          expect(batch.length).toBeLessThanOrEqual(4);
        }
      }),
    );
  });
});

describe('judge', () => {
  const limits = {
    failoverMaxShare: 0.5,
    failoverWindowMs: 30_000,
    failoverGraceMs: 30_000,
    downAfterMs: 5_000,
  };
  const START = 1_000_000;
  const sign = (id: string, state: HostState, heard = true): HostSign => ({
    ...{ id, state, heard, joinedAt: 0, silent: state === 'down' || state === 'suspect' },
  });
  const at = (
    seconds: number,
    signs: readonly HostSign[],
    before: Vanished = NOTHING_VANISHED,
    share = 0.5,
  ) =>
    judge({
      ...{ now: START + seconds * 1_000, startedAt: START, signs, before },
      limits: { ...limits, failoverMaxShare: share },
    });

  it('believes no host to be gone when more than half vanish within the window, in whatever order and state', () => {
    const hosts = fc.array(fc.constantFrom<HostState>('ready', 'suspect', 'down'), {
      minLength: 3,
      maxLength: 12,
    });
    fc.assert(
      fc.property(hosts, (states) => {
        const signs = states.map((state, i) => sign(`h${i}`, state));
        const vanished = signs.filter(({ silent }) => silent).length;
        const { failed, held, after } = at(100, signs);
        if (vanished >= 2 && vanished > states.length / 2) expect(failed).toEqual([]);
        else expect(held).toEqual([]);
        expect([...failed, ...held].sort()).toEqual(
          signs
            .filter(({ state }) => state === 'down')
            .map(({ id }) => id)
            .sort(),
        );
        // Asked again, it says the same.
        expect(at(100, signs, after)).toMatchObject({ failed, held });
      }),
    );
  });

  it('takes a host that failed an hour ago for no part of what vanishes now', () => {
    const all = [sign('a', 'down'), sign('b', 'ready'), sign('c', 'ready'), sign('d', 'ready')];
    const first = at(100, all);
    expect(first.failed).toEqual(['a']);
    const second = at(
      3_700,
      [sign('a', 'down'), sign('b', 'down'), sign('c', 'ready'), sign('d', 'ready')],
      first.after,
    );
    expect(second.failed).toEqual(['a', 'b']);
    const third = at(
      3_701,
      [sign('a', 'down'), sign('b', 'down'), sign('c', 'down'), sign('d', 'ready')],
      second.after,
    );
    expect(third).toMatchObject({ failed: ['a'], held: ['b', 'c'] });
  });

  it('gives hosts that were not heard since the start their time, and no longer', () => {
    const signs = [sign('a', 'down', false), sign('b', 'ready'), sign('c', 'ready')];
    expect(at(29, signs)).toMatchObject({ failed: [], nextAt: START + 30_000 });
    expect(at(30, signs)).toMatchObject({ failed: ['a'], nextAt: undefined });
    expect(at(300, [...signs, { ...sign('d', 'down', false), joinedAt: START + 1 }]).failed).toEqual(['a']);
  });

  it('holds on until they are back and had their time, or the limit is lifted', () => {
    const signs = [sign('a', 'down'), sign('b', 'down'), sign('c', 'ready')];
    const first = at(100, signs);
    expect(first).toMatchObject({ failed: [], held: ['a', 'b'] });
    expect(at(10_000, signs, first.after)).toMatchObject({ failed: [], held: ['a', 'b'] });
    expect(at(10_000, signs, first.after, 1)).toMatchObject({ failed: ['a', 'b'], held: [] });
    const back = [sign('a', 'down'), sign('b', 'ready'), sign('c', 'ready')];
    const second = at(200, back, first.after);
    expect(second).toMatchObject({ failed: [], held: ['a'], nextAt: START + 230_000 });
    expect(at(230, back, second.after)).toMatchObject({ failed: ['a'], held: [] });
    const released = at(201, signs, { ...first.after, released: new Set(['a']) });
    expect(released).toMatchObject({ failed: ['a'], held: ['b'] });
  });
});

describe('trust', () => {
  it('rests longer with each failure within an hour, never over the limit, and always ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 12 }),
        (gaps) => {
          let now = 10_000_000;
          let trust = trustWhenDown(undefined, 'h', now);
          for (const gap of gaps) {
            now += gap;
            trust = trustWhenBack(trustWhenDown(trust, 'h', now), 'h', now);
            expect(trust.restUntil - now).toBeLessThanOrEqual(LONGEST_REST_MS);
            expect(trust.restUntil === 0).toBe(trust.reason === '');
            expect(trust.downs.every((at) => now - at < 3_600_000)).toBe(true);
          }
          expect(trustAt(trust, now + LONGEST_REST_MS)).toMatchObject({ restUntil: 0, reason: '' });
          // Neither does a clock that was set back by a day make it last.
          expect(trustAt(trust, now - 86_400_000).restUntil).toBe(0);
        },
      ),
    );
    expect([1, 2, 3, 4, 60].map(restMs)).toEqual([0, 10_000, 20_000, 40_000, LONGEST_REST_MS]);
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
