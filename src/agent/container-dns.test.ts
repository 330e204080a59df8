import { expect, it } from 'vitest';
import type { Assignment } from '../contract/link.ts';
import { nameAskers } from './container-dns.ts';
import type { Holding } from './holding.ts';

it("reads a container's own name servers and its names for what is outside from its assignment", () => {
  const held = (id: string, spec: object) =>
    ({ kind: 'hold', assignment: { id, desired: { spec } } as unknown as Assignment }) as Holding;
  const askers = nameAskers(() => [
    held('plain', {}),
    held('named', { Labels: { 'berth.external.MySQL': 'db.example.com', 'berth.external': 'x' } }),
    held('own', { HostConfig: { Dns: ['192.0.2.1'] } }),
  ]);
  expect(['plain', 'named', 'own', 'nobody'].map(askers.hasServers)).toEqual([false, false, true, false]);
  expect(askers.outside('named', 'mysql')).toBe('db.example.com');
  for (const [id, name] of [
    ['plain', 'mysql'],
    ['named', ''],
    ['named', 'other'],
    ['nobody', 'mysql'],
  ] as const)
    expect(askers.outside(id, name)).toBeUndefined();
});
