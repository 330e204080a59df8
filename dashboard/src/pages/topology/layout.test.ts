import fc from 'fast-check';
import { expect, it } from 'vitest';
import { overlaps } from './box.ts';
import { domainsOf } from './domains.ts';
import { hostOf } from './fixture.ts';
import { isSameLayout, layoutOf, type PlacedHost } from './layout.ts';

const LABELS = ['datacenter', 'switch', 'rack'];
const clusters = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,3}[0-9]{0,2}$/),
    datacenter: fc.option(fc.constantFrom('d1', 'd2')),
    rack: fc.option(fc.constantFrom('r1', 'r2', 'r10')),
  }),
  { selector: ({ name }) => name, maxLength: 60 },
);
const hostsOf = (found: readonly { name: string; datacenter: string | null; rack: string | null }[]) =>
  found.map(({ name, datacenter, rack }) =>
    hostOf(name, { ...(datacenter === null ? {} : { datacenter }), ...(rack === null ? {} : { rack }) }),
  );

it('draws every host once, over no other, and inside of its domain alone', () => {
  fc.assert(
    fc.property(clusters, (found) => {
      const { hosts, domains, box } = layoutOf(domainsOf(hostsOf(found), LABELS));
      expect(hosts.map(({ node }) => node.name).sort()).toEqual(found.map(({ name }) => name).sort());
      const isIn = (a: typeof box, b: typeof box) =>
        a.x >= b.x && a.y >= b.y && a.x + a.w <= b.x + b.w + 1e-6 && a.y + a.h <= b.y + b.h + 1e-6;
      const leaves = domains.filter(({ domain }) => domain.children.length === 0);
      for (const [i, host] of hosts.entries()) {
        for (const other of hosts.slice(i + 1)) expect(overlaps(host.box, other.box)).toBe(false);
        for (const { domain, box: place } of leaves)
          expect(domain.key === host.domain ? isIn(host.box, place) : !overlaps(host.box, place)).toBe(true);
      }
      for (const { box: place } of domains) expect(isIn(place, box)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('moves nothing while only states and loads are others', () => {
  fc.assert(
    fc.property(clusters, (found) => {
      const before = hostsOf(found);
      const after = before
        .map((node) => ({
          ...node,
          state: 'down' as const,
          cordoned: true,
          reserved: { cpuMilli: 9, memory: 9 },
        }))
        .reverse();
      const [a, b] = [before, after].map((nodes) => layoutOf(domainsOf(nodes, LABELS)));
      expect(isSameLayout(a as never, b as never)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

it('lets those before it stay where a host comes to the end of a row', () => {
  const hosts = Array.from({ length: 50 }, (_, i) => hostOf(`h${i}`, { rack: `r${i % 5}` }));
  const places = (nodes: typeof hosts) =>
    new Map(layoutOf(domainsOf(nodes, LABELS)).hosts.map((placed: PlacedHost) => [placed.id, placed.box]));
  const before = places(hosts);
  const after = places([...hosts, hostOf('h99', { rack: 'r4' })]);
  const moved = hosts.filter(({ id }) => JSON.stringify(before.get(id)) !== JSON.stringify(after.get(id)));
  expect(moved.map(({ labels }) => labels.rack).filter((rack) => rack !== 'r4')).toEqual([]);
});

it('is the same layout only where all is at its place', () => {
  const one = layoutOf(domainsOf([hostOf('a'), hostOf('b')], LABELS));
  expect(isSameLayout(one, layoutOf(domainsOf([hostOf('a'), hostOf('c')], LABELS)))).toBe(false);
  expect(isSameLayout(one, layoutOf(domainsOf([hostOf('a', { rack: 'r1' }), hostOf('b')], LABELS)))).toBe(
    false,
  );
});
