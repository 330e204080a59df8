import { afterEach, describe, expect, it } from 'vitest';
import type { AgentFrame } from '../../contract/link.ts';
import type { Seen } from '../../network/index.ts';
import { DataPaths } from './data-paths.ts';
import type { DataPeer } from './member-lists.ts';

const NEVER = 1_000_000;
let paths: DataPaths;
afterEach(() => paths.close());

const peer = (address: string, more: Partial<DataPeer> = {}): DataPeer => ({
  ...{ address, probed: false, tunnels: new Map([['clear' as const, 1450]]) },
  ...more,
});

/** Hosts by ID at an address each; those in `dead` do not answer by TCP. */
function looking(count: number, dead: Set<string>, probe?: Probe, more: Partial<DataPeer> = {}) {
  const peers = new Map(
    Array.from({ length: count }, (_, i) => [`h${i}`, peer(`10.0.${i >> 8}.${i & 255}`, more)]),
  );
  const asked: string[] = [];
  const told: AgentFrame[] = [];
  paths = new DataPaths({
    reach: async ({ host }) => {
      asked.push(host);
      return dead.has(host) ? undefined : 0.25;
    },
    peers: () => peers,
    everyMs: NEVER,
    ...(probe === undefined ? {} : { probe }),
  });
  paths.attach((frame) => told.push(frame));
  return { peers, asked, told: () => told.splice(0) };
}

type Probe = NonNullable<ConstructorParameters<typeof DataPaths>[0]['probe']>;

/** One with which `seen` is found; by tunnel, else for all. */
function probeOf(seen: { clear: Seen; encrypted?: Seen }) {
  const looks: string[] = [];
  const probe: Probe & { hold(): Promise<void> } = {
    hold: async () => {},
    look: async (tunnel, address, mtu) => {
      looks.push(`${tunnel} ${address} ${mtu}`);
      return seen[tunnel] ?? seen.clear;
    },
  };
  return { probe, looks };
}

const fine: Seen = { ms: 0.5 };
const silence = { fault: 'silent' } as const;
const reasonOf = (frames: AgentFrame[]) =>
  frames.flatMap((frame) =>
    frame.t === 'paths' ? Object.values(frame.paths).map(({ reason }) => reason) : [],
  );

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

describe('data paths through VXLAN', () => {
  it('are looked at where both hosts have a probe device, with packets as large as those of networks in common', async () => {
    const { probe, looks } = probeOf({ clear: fine });
    const tunnels = new Map([['clear' as const, 8950]]);
    const { asked, peers, told } = looking(1, new Set(['10.0.0.0']), probe, { probed: true, tunnels });
    peers.set('older', peer('10.0.9.9'));
    await paths.look();
    expect([looks, asked]).toEqual([['clear 10.0.0.0 8950'], ['10.0.9.9']]);
    expect(told()).toMatchObject([{ paths: { h0: { ms: 0.5 }, older: { ms: 0.25 } } }]);
  });

  it('that are silent are told with what the machine says otherwise', async () => {
    const seen: { clear: Seen } = { clear: silence };
    const dead = new Set<string>();
    const { told } = looking(1, dead, probeOf(seen).probe, { probed: true });
    await paths.look();
    expect(told()).toEqual([]);
    await paths.look();
    expect(reasonOf(told())).toEqual([
      'its machine answers, but VXLAN does not get through: let UDP 4789 through between the two, both ways',
    ]);
    dead.add('10.0.0.0');
    await paths.look();
    expect(told()).toEqual([]);
    await paths.look();
    expect(reasonOf(told())).toEqual(['no answer within 1 s, neither through VXLAN (UDP 4789) nor by TCP']);
    await paths.look();
    expect(told()).toEqual([]);
    seen.clear = fine;
    await paths.look();
    expect(told()).toMatchObject([{ paths: { h0: { ms: 0.5, reason: '' } } }]);
  });

  it('that change from one fault to another and back are told all the same', async () => {
    const dead = new Set<string>();
    const { told } = looking(1, dead, probeOf({ clear: silence }).probe, { probed: true });
    await paths.look();
    dead.add('10.0.0.0');
    await paths.look();
    expect(reasonOf(told())).toHaveLength(1);
  });

  it('that lose packets of full size say so', async () => {
    const { told } = looking(1, new Set(), probeOf({ clear: { fault: 'size', bytes: 1450 } }).probe, {
      probed: true,
    });
    await paths.look();
    await paths.look();
    const [reason] = reasonOf(told());
    expect(reason).toMatch(
      /^packets of full size \(1450 bytes\) do not get through VXLAN, small ones do: .* MTU/,
    );
    // What the manager keeps of it.
    expect(reason?.length).toBeLessThanOrEqual(200);
  });

  it('are broken where one of several ways is', async () => {
    const tunnels = new Map([
      ['clear' as const, 1450],
      ['encrypted' as const, 1400],
    ]);
    const { probe, looks } = probeOf({ clear: fine, encrypted: silence });
    const { told } = looking(1, new Set(), probe, { probed: true, tunnels });
    await paths.look();
    await paths.look();
    expect(looks.slice(0, 2)).toEqual(['clear 10.0.0.0 1450', 'encrypted 10.0.0.0 1400']);
    expect(reasonOf(told())).toEqual([
      'its machine answers, but encrypted VXLAN does not get through: let ESP (IP protocol 50) through between the two, both ways',
    ]);
  });

  it('are at most forty looks in a round, and all in turn', async () => {
    const tunnels = new Map([
      ['clear' as const, 1450],
      ['encrypted' as const, 1400],
    ]);
    const { probe, looks } = probeOf({ clear: fine });
    looking(50, new Set(), probe, { probed: true, tunnels });
    await paths.look();
    expect(looks).toHaveLength(40);
    await paths.look();
    await paths.look();
    expect(looks).toHaveLength(120);
    expect(new Set(looks).size).toBe(100);
  });

  it('are looked at by TCP while this host cannot do it otherwise, and the manager hears of that', async () => {
    const { probe, looks } = probeOf({ clear: silence });
    let failing = true;
    probe.hold = async () => {
      if (failing) throw new Error('VNI in use');
    };
    const { told, asked } = looking(1, new Set(), probe, { probed: true });
    expect(paths.hello()).toEqual({ probed: true });
    await paths.look();
    expect([looks, asked]).toEqual([[], ['10.0.0.0']]);
    expect(told()).toMatchObject([{ probed: false, paths: {} }, { paths: { h0: { ms: 0.25 } } }]);
    failing = false;
    await paths.prepare();
    expect(told()).toEqual([{ t: 'paths', paths: {}, probed: true }]);
    // No socket in the namespace: that says nothing of the path.
    probe.look = async () => {
      throw new Error('no nsenter');
    };
    await paths.look();
    await paths.look();
    expect(told()).toEqual([]);
  });
});
