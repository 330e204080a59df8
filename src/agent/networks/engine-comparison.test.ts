import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentFrame, NetworkAsk } from '../../contract/link.ts';
import type { Engine } from '../../engine/index.ts';
import { BerthError } from '../../kit/errors.ts';
import { newKeyedQueue } from '../../kit/keyed-queue.ts';
import { silentLogger } from '../../kit/logger.ts';
import { LABEL_CLUSTER } from '../../model/labels.ts';
import type { ObservedNetwork } from '../../model/objects.ts';
import { notingDriver, SPAN } from '../../network/libnetwork/host-book.fixture.ts';
import { assignmentRecord, cleanUp, IDENTITY, temporaryDir } from '../agent.fixture.ts';
import { Asks } from './asks.ts';
import { EngineComparison } from './engine-comparison.ts';
import { NetworkBook } from './network-book.ts';
import { NetworkFiles } from './network-files.ts';

const NET: ObservedNetwork = {
  kind: 'observed-network',
  ...{ hostId: 'h1', networkId: 'e1', name: 'own', driver: 'xoverlay', scope: 'local', labels: {}, raw: {} },
};
const LOOK = 35_000;

let files: NetworkFiles;
let asks: Asks;
let book: NetworkBook;
let comparison: EngineComparison;
let driver: ReturnType<typeof notingDriver>;
let told: NetworkAsk[];
let compared: number;
/** What the engine has: endpoints by container ID, as `GET /networks/e1` tells; undefined: it does not answer. */
let endpoints:
  | Record<string, { EndpointID: string; MacAddress: string; IPv4Address: string; IPv6Address: string }>
  | undefined;
/** Labels of its containers. */
let labels: Record<string, Record<string, string>>;
/** Happens while the engine answers. */
let meanwhile: () => void;
let keeps: () => ReadonlySet<string>;

const has = (endpointId: string, ip: string) => ({
  ...{ EndpointID: endpointId, MacAddress: '02:be:0a:05:00:4d' },
  ...{ IPv4Address: `${ip}/24`, IPv6Address: '' },
});
const engine = {
  json: async (_method: string, path: string) => {
    if (endpoints === undefined) throw new BerthError('host_down', 'the engine does not answer');
    meanwhile();
    const [, kind = '', id = ''] = path.split('/');
    if (kind === 'networks' && id === 'e1') return { Containers: endpoints };
    if (kind === 'containers' && labels[id] !== undefined) return { Config: { Labels: labels[id] } };
    throw new BerthError('engine', `no such ${kind}`, { status: 404 });
  },
} as unknown as Engine;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  files = await NetworkFiles.open(join(await temporaryDir(), 'networks'), IDENTITY, silentLogger);
  asks = new Asks(silentLogger);
  told = [];
  asks.attach((frame: AgentFrame) => {
    if (frame.t !== 'ask') return;
    told.push(frame.ask);
    const endpoint = { ipv4: '10.5.0.77', mac: '02:be:0a:05:00:4d' };
    queueMicrotask(() => asks.onAnswer({ t: 'answer', id: frame.id, endpoint }));
  });
  const assignment = assignmentRecord('web');
  const mine = { ipv4: '10.5.0.20', mac: '02:be:0a:05:00:14' };
  const needs = { networks: [{ id: 'n1', spec: { Name: 'x' }, span: SPAN, endpoint: mine }], volumes: [] };
  const holding = { kind: 'hold', assignment: { ...assignment, needs }, acted: { generation: 1 } } as const;
  book = new NetworkBook({ files, asks, holdings: () => [holding] as never, logger: silentLogger });
  files.state.networks.n1 = { id: 'n1', span: SPAN, engineId: 'e1' };
  driver = notingDriver();
  driver.sweep = async ({ id }, keep) => {
    driver.done.push(`sweep ${id}`);
    keeps = keep;
  };
  compared = 0;
  endpoints = {};
  labels = {};
  meanwhile = () => {};
  comparison = new EngineComparison({
    ...{ book, engine, logger: silentLogger, clusterId: 'c1', inTurn: newKeyedQueue() },
    driverOf: () => driver,
    clusterIdOf: () => undefined,
    adopt: async () => {},
    onCompared: () => compared++,
  });
});
afterEach(async () => {
  comparison.close();
  book.close();
  asks.close();
  vi.useRealTimers();
  await files.close();
  await cleanUp();
});

/** Until what was started has ended: the disk's answers come in real time. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
async function listed(networks = [NET]): Promise<void> {
  comparison.listed(networks);
  await settled();
}
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settled();
}
const lease = { network: 'n1', ip: '10.5.0.77', mac: '02:be:0a:05:00:4d', holder: 'h' };
const leases = () => files.state.leases.map(({ ip }) => ip);

describe('an address of a container that the engine does not have', () => {
  beforeEach(() => {
    files.state.leases.push(lease);
  });

  it('is given back once two looks have missed it', async () => {
    await listed();
    await pass(LOOK - 1_000);
    expect(leases()).toEqual(['10.5.0.77']);
    await pass(1_000);
    expect(leases()).toEqual([]);
    expect(told).toEqual([{ op: 'give-back', network: 'n1', endpoint: 'h', ip: '10.5.0.77' }]);
  });

  it('is kept where the second look finds it', async () => {
    await listed();
    endpoints = { c1: has('p1', '10.5.0.77') };
    await pass(LOOK);
    endpoints = {};
    await pass(LOOK);
    expect(leases()).toEqual(['10.5.0.77']);
    await pass(LOOK);
    expect(leases()).toEqual([]);
  });

  it('is kept where an engine that was away may bring it back', async () => {
    await listed();
    endpoints = undefined;
    await pass(LOOK);
    endpoints = {};
    await pass(LOOK);
    expect(leases()).toEqual(['10.5.0.77']);
  });

  it('is kept for two minutes after the engine has asked for it, also while the engine answers', async () => {
    await listed();
    // Asked for again: it starts a container with it.
    meanwhile = () => expect(book.lease('n1', '10.5.0.77')).toBeDefined();
    await pass(LOOK);
    meanwhile = () => {};
    await pass(2 * LOOK);
    expect(leases()).toEqual(['10.5.0.77']);
    await pass(3 * LOOK);
    expect(leases()).toEqual([]);
  });

  it('that was just given is kept: the engine asks for it long before its container shows', async () => {
    files.state.leases.length = 0;
    await listed();
    vi.useRealTimers();
    await book.takeAddress({ network: 'n1', subnet: '10.5.0.0/24' });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    await listed();
    await pass(LOOK);
    await pass(LOOK);
    expect(leases()).toEqual(['10.5.0.77']);
  });
});

describe('an endpoint that the engine does not have', () => {
  it('is forgotten after two looks, and links of all but what is there are swept', async () => {
    const endpoint = { mac: lease.mac, ipv4: '10.5.0.20' };
    files.state.endpoints.gone = { engineNetwork: 'e1', endpoint };
    files.state.endpoints.stays = { engineNetwork: 'e1', endpoint };
    files.state.endpoints.other = { engineNetwork: 'e2', endpoint };
    endpoints = { c1: has('stays', '10.5.0.20'), c2: has('p2', '10.5.0.21') };
    labels = { c2: { [LABEL_CLUSTER]: 'c1' } };
    await listed();
    expect(driver.done).toEqual([]);
    await pass(LOOK);
    expect(Object.keys(files.state.endpoints)).toEqual(['stays', 'other']);
    expect(driver.done).toEqual(['sweep n1']);
    // Asked for after what is there was read: who has joined meanwhile is in it.
    book.setEndpoint('new', { engineNetwork: 'e1', endpoint });
    expect([...keeps()].sort()).toEqual(['new', 'p2', 'stays']);
  });
});

describe('what the book has lost', () => {
  it('is taken in: addresses of containers that are not of the cluster', async () => {
    endpoints = {
      plain: has('p1', '10.5.0.77'),
      mine: has('p2', '10.5.0.20'),
      ending: has('p3', '10.5.0.21'),
      'ep-p4': has('p4', '10.5.0.22'),
    };
    labels = { plain: {}, ending: { [LABEL_CLUSTER]: 'c1' } };
    await listed();
    await files.save();
    await settled();
    expect(files.state.leases).toEqual([{ ...lease, holder: 'p1' }]);
    expect(compared).toBe(1);
    expect(book.plainHeld().addresses).toEqual([
      { network: 'n1', endpoint: 'p1', ip: '10.5.0.77', mac: lease.mac },
    ]);
  });
});

describe('a comparison', () => {
  it('has been made once the engine has answered, and is told of once', async () => {
    endpoints = undefined;
    files.state.leases.push(lease);
    await listed();
    expect([comparison.done, compared]).toEqual([false, 0]);
    endpoints = {};
    await pass(LOOK);
    expect([comparison.done, compared]).toEqual([true, 1]);
    await pass(LOOK);
    expect(compared).toBe(1);
  });

  it('rests where there is nothing of which the engine does not tell', async () => {
    await listed();
    await pass(LOOK);
    let asked = 0;
    meanwhile = () => asked++;
    await pass(10 * LOOK);
    expect(asked).toBe(0);
  });

  it('takes away networks that the engine does not have, and those that it has never made', async () => {
    for (const id of ['p1', 'p2'])
      files.state.networks[id] = { id, span: SPAN, engineId: id === 'p1' ? 'e2' : '', plain: true };
    files.state.pools['plain-1'] = { pool: { subnet: '10.5.0.0/24' } };
    files.state.pools['plain-2'] = { pool: { subnet: '10.5.0.0/24' }, network: 'p1' };
    await listed();
    expect(Object.keys(files.state.networks)).toEqual(['n1']);
    expect(driver.done).toEqual(['remove p1']);
    expect(told.map((ask) => ask.op === 'delete-network' && ask.network).sort()).toEqual(['p1', 'p2']);
    await pass(LOOK);
    expect(files.state.pools).toEqual({});
  });
});
