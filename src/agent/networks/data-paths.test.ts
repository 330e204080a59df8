import { afterEach, describe, expect, it } from 'vitest';
import type { AgentFrame } from '../../contract/link.ts';
import { DataPaths } from './data-paths.ts';

const NEVER = 1_000_000;
let paths: DataPaths;
afterEach(() => paths.close());

/** Hosts by ID at an address each; those in `dead` do not answer. */
function looking(count: number, dead: Set<string>) {
  const peers = new Map(Array.from({ length: count }, (_, i) => [`h${i}`, `10.0.${i >> 8}.${i & 255}`]));
  const asked: string[] = [];
  const told: AgentFrame[] = [];
  paths = new DataPaths({
    reach: async ({ host }) => {
      asked.push(host);
      return dead.has(host) ? undefined : 0.25;
    },
    peers: () => peers,
    everyMs: NEVER,
  });
  paths.attach((frame) => told.push(frame));
  return { peers, asked, told: () => told.splice(0) };
}

describe('data paths', () => {
  it('tells when a path begins to work, ceases to, and works again; a single silence is none', async () => {
    const dead = new Set<string>();
    const { told } = looking(2, dead);
    await paths.look();
    const fine = { ms: 0.25, reason: '' };
    expect(told()).toEqual([{ t: 'paths', paths: { h0: fine, h1: fine } }]);
    dead.add('10.0.0.1');
    await paths.look();
    expect(told()).toEqual([]);
    await paths.look();
    expect(told()).toEqual([{ t: 'paths', paths: { h1: { ms: null, reason: 'no answer within 1 s' } } }]);
    await paths.look();
    expect(told()).toEqual([]);
    dead.clear();
    await paths.look();
    expect(told()).toEqual([{ t: 'paths', paths: { h1: fine } }]);
  });

  it('says of a path that never worked which ports it needs', async () => {
    const { told } = looking(1, new Set(['10.0.0.0']));
    await paths.look();
    await paths.look();
    expect(told()).toMatchObject([
      { paths: { h0: { ms: null, reason: expect.stringContaining('UDP 4789') } } },
    ]);
  });

  it('looks at many hosts in turns, and at each of them', async () => {
    const { asked } = looking(100, new Set());
    await paths.look();
    expect(asked).toHaveLength(40);
    for (let i = 0; i < 3; i++) await paths.look();
    expect(new Set(asked).size).toBe(100);
  });

  it('tells a new connection everything, and nothing of hosts that are no peers any more', async () => {
    const { peers, told } = looking(2, new Set());
    await paths.look();
    told();
    peers.delete('h0');
    await paths.look();
    const again: AgentFrame[] = [];
    paths.detach();
    paths.attach((frame) => again.push(frame));
    expect(again).toMatchObject([{ paths: { h1: { ms: 0.25 } } }]);
    expect(Object.keys((again[0] as AgentFrame & { t: 'paths' }).paths)).toEqual(['h1']);
  });
});
