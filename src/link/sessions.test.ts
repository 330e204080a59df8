import http2 from 'node:http2';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentFrame, ManagerFrame } from '../contract/link.ts';
import type { AgentIdentity } from './agent/agent-identity.ts';
import {
  CleanUp,
  newCluster,
  newHost,
  startAgent,
  startLine,
  startManager,
  type TestManager,
  until,
  welcome,
} from './link.suite.ts';
import { issueUserCertificate, MANAGER_NAME } from './pki/certificates.ts';

const QUICK = { pingMs: 50, deadMs: 300 };
const DAY = 24 * 3600_000;

let clean: CleanUp;
beforeEach(() => {
  clean = new CleanUp();
});
afterEach(() => clean.run());

const hello: AgentFrame = {
  t: 'hello',
  version: 1,
  agentVersion: '0.1.0',
  machineId: 'm',
  now: 1,
  dataAddress: '10.0.0.1',
};

describe('sessions', () => {
  it('carries frames both ways, in order, and says who is at the other end', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const agent = startAgent(host, manager.port, clean);
    await until('session', () => manager.sessions.length === 1 && agent.sessions.length === 1);
    const [up] = manager.sessions;
    const [down] = agent.sessions;
    if (up === undefined || down === undefined) throw new Error('no session');
    expect(up).toMatchObject({ hostId: host.hostId, hostName: 'h1', machineId: 'machine-of-h1' });
    expect(up.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(down.remoteAddress).toBe(`127.0.0.1:${manager.port}`);
    expect(agent.client.connected).toBe(true);

    const received: AgentFrame[] = [];
    up.onFrame((frame) => received.push(frame));
    const commanded: ManagerFrame[] = [];
    // The first was sent before anybody listened: it has waited.
    up.send({ ...welcome, hostName: 'later' });
    down.onFrame((frame) => commanded.push(frame));
    down.send(hello);
    for (let n = 0; n < 500; n++) down.send({ t: 'heartbeat', now: n, engine: true, reason: 'x'.repeat(n) });
    await until('frames', () => received.length === 501 && commanded.length === 2);
    expect(commanded).toEqual([welcome, { ...welcome, hostName: 'later' }]);
    expect(received[0]).toEqual(hello);
    expect(received.slice(1).map((frame) => frame.t === 'heartbeat' && frame.now)).toEqual(
      Array.from({ length: 500 }, (_, n) => n),
    );
    await until('all sent', () => down.backlog === 0);
  });

  it('tells the agent why the manager ended it, and the manager why the agent did', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const agent = startAgent(await newHost(cluster, 'h1'), manager.port, clean);
    await until('session', () => agent.sessions.length === 1);
    const reasons: string[] = [];
    manager.sessions[0]?.onClose((reason) => reasons.push(reason));
    manager.sessions[0]?.close('the host’s clock is 7 min behind');
    await until('both know', () => agent.closed.length === 1 && reasons.length === 1);
    expect(agent.closed).toEqual(['the host’s clock is 7 min behind']);
    expect(reasons).toEqual(['the host’s clock is 7 min behind']);
    await until('connected again', () => agent.sessions.length === 2);
    manager.sessions[1]?.onClose((reason) => reasons.push(reason));
    agent.sessions[1]?.close('engine gone');
    await until('manager knows', () => reasons.length === 2);
    expect(reasons[1]).toBe('engine gone');
  });

  it('calls onClose also for who comes late', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    startAgent(await newHost(cluster, 'h1'), manager.port, clean);
    await until('session', () => manager.sessions.length === 1);
    manager.sessions[0]?.close('over');
    const reason = await new Promise((resolve) => manager.sessions[0]?.onClose(resolve));
    expect(reason).toBe('over');
  });

  it('ends a session whose frame is malformed, and no other', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const good = await newHost(cluster, 'good');
    startAgent(good, manager.port, clean);
    await until('good is in', () => manager.server.connected(good.hostId));
    const received: AgentFrame[] = [];
    manager.sessions[0]?.onFrame((frame) => received.push(frame));
    for (const [line, reason] of [
      ['{"t":"heartbeat"', /a frame is not JSON/],
      ['{"t":"heartbeat","now":"soon","engine":true,"reason":""}', /heartbeat.*malformed at "now"/],
      ['{"t":"mystery"}', /mystery.*malformed/],
      ['null', /malformed/],
      ['x'.repeat(17 * 1024 * 1024), /longer than 16777216 bytes/],
    ] as const) {
      const bad = await newHost(cluster, 'bad');
      const before = manager.sessions.length;
      const raw = await rawAgent(bad, manager, (stream) => {
        stream.write(`${line}\n`);
      });
      await until('bad is in', () => manager.sessions.length === before + 1);
      const session = manager.sessions[before];
      session?.onFrame(() => undefined);
      const said = await new Promise<string>((resolve) => session?.onClose(resolve));
      expect(said).toMatch(reason);
      expect(said.length).toBeLessThan(300);
      await until('bad is out', () => !manager.server.connected(bad.hostId));
      raw.destroy();
    }
    expect(manager.log.join('\n')).toMatch(/a frame is not JSON/);
    expect(manager.server.connected(good.hostId)).toBe(true);
  }, 20_000);

  it('ends a session whose listener throws, and no other', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const agent = startAgent(await newHost(cluster, 'h1'), manager.port, clean);
    await until('session', () => agent.sessions.length === 1 && manager.sessions.length === 1);
    manager.sessions[0]?.onFrame(() => {
      throw new Error('a bug');
    });
    const closed = new Promise((resolve) => manager.sessions[0]?.onClose(resolve));
    agent.sessions[0]?.send(hello);
    expect(await closed).toBe('a frame of kind "hello" could not be taken in: a bug');
  });

  it('gives up an agent that does not read, at a bound', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const raw = await rawAgent(host, manager, (stream) => stream.pause());
    await until('session', () => manager.sessions.length === 1);
    const session = manager.sessions[0];
    const closed = new Promise<string>((resolve) => session?.onClose(resolve));
    const big: ManagerFrame = { ...welcome, hostName: 'x'.repeat(8 * 1024 * 1024) };
    for (let n = 0; n < 12; n++) session?.send(big);
    expect(await closed).toMatch(/does not read: \d+ bytes are waiting/);
    expect(() => session?.send({ ...welcome, hostName: 'x'.repeat(17 * 1024 * 1024) })).not.toThrow();
    raw.destroy();
  });
});

/** An agent that speaks the wire itself: its session stream is handed to `onSession`. */
async function rawAgent(
  identity: AgentIdentity & Readonly<{ machineId: string }>,
  manager: TestManager,
  onSession: (stream: http2.ServerHttp2Stream) => void,
): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: manager.port,
    servername: MANAGER_NAME,
    ca: identity.ca,
    cert: identity.certificate,
    key: identity.key,
    ALPNProtocols: ['berth/1'],
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
  const h2 = http2.performServerHandshake(socket);
  h2.on('error', () => undefined);
  h2.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers[':path'] !== '/session') {
      stream.respond({ ':status': 204 }, { endStream: true });
      return;
    }
    stream.respond({ ':status': 200, 'berth-machine-id': identity.machineId });
    onSession(stream);
  });
  return clean.add(socket, () => socket.destroy());
}

describe('who is let in', () => {
  it('refuses a certificate of another CA, from both sides', async () => {
    const ours = await newCluster('ours');
    const theirs = await newCluster('theirs');
    const manager = await startManager(ours, clean);
    const stranger = await newHost(theirs, 'stranger');
    const agent = startAgent(stranger, manager.port, clean);
    await until('refused', () => agent.client.lastError !== '');
    expect(agent.client.lastError).toMatch(/is not the manager of this host's cluster/);
    // One that takes any manager for its own is refused by the manager.
    const blind = startAgent({ ...stranger, ca: ours.ca.certificate }, manager.port, clean);
    await until('refused by the manager', () =>
      manager.log.some((line) => /not of this cluster's CA/.test(line)),
    );
    expect(manager.sessions).toHaveLength(0);
    expect(blind.sessions).toHaveLength(0);
    expect(blind.client.connected).toBe(false);
  });

  it('refuses an ended certificate: the agent says so itself, and so does the manager', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const old = await newHost(cluster, 'old', { issuedAt: Date.now() - 3651 * DAY });
    const agent = startAgent(old, manager.port, clean);
    await until('refused', () => agent.client.lastError !== '');
    expect(agent.client.lastError).toMatch(/certificate ended on .* remove the host/);
    // A clock that is ten years slow does not see it.
    const slowClock = {
      now: () => Date.now() - 3652 * DAY,
      sleep: (ms: number) => new Promise<void>((r) => setTimeout(r, ms)),
    };
    const slow = startAgent(old, manager.port, clean, { clock: slowClock });
    await until('told', () => /remove the host with "berth node rm"/.test(slow.client.lastError));
    expect(manager.sessions).toHaveLength(0);
  });

  it('refuses a fingerprint that is not in the table, and says what to do', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const record = cluster.hosts.get(host.hostId);
    if (record === undefined) throw new Error('no record');
    cluster.hosts.set(host.hostId, { ...record, certFingerprint: '0'.repeat(64) });
    const agent = startAgent(host, manager.port, clean);
    await until('told', () =>
      /is not the one that the cluster knows: join again/.test(agent.client.lastError),
    );
    cluster.hosts.delete(host.hostId);
    await until('told', () =>
      /is not in this cluster \(removed\?\): join it again/.test(agent.client.lastError),
    );
    expect(manager.sessions).toHaveLength(0);
    expect(agent.sessions).toHaveLength(0);
    cluster.hosts.set(host.hostId, record);
    await until('let in after all', () => agent.sessions.length === 1);
    expect(agent.client.lastError).toBe('');
  });

  it('refuses a user certificate, none at all, and TLS without the protocol', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const admin = await issueUserCertificate(cluster.ca, { name: 'root', role: 'admin' }, Date.now());
    const tries: [string, tls.ConnectionOptions][] = [
      ["is not a host's", { cert: admin.certificate, key: admin.key, ALPNProtocols: ['berth/1'] }],
      ['has no certificate', { ALPNProtocols: ['berth/1'] }],
      ['does not speak berth/1', { cert: host.certificate, key: host.key }],
    ];
    for (const [reason, options] of tries) {
      const socket = tls.connect({
        host: '127.0.0.1',
        port: manager.port,
        ca: cluster.ca.certificate,
        ...options,
      });
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('close', resolve));
      await until(reason, () => manager.log.some((line) => line.includes(reason)));
    }
    expect(manager.sessions).toHaveLength(0);
  });

  it('refuses a copied identity on a second machine, while the first stays', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const first = startAgent(host, manager.port, clean);
    await until('first in', () => manager.sessions.length === 1);
    const copy = startAgent({ ...host, machineId: 'another machine' }, manager.port, clean);
    await until('copy refused', () => /a data directory was copied/.test(copy.client.lastError));
    expect(copy.client.lastError).toMatch(/join with a token of its own/);
    expect(manager.sessions).toHaveLength(1);
    expect(first.closed).toEqual([]);
    expect(first.client.connected).toBe(true);
  });

  it('refuses it too where the rule above does not know of machines', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean, {
      admit: ({ commonName }) => ({ ok: true, hostId: commonName, hostName: 'h1' }),
    });
    const host = await newHost(cluster, 'h1');
    startAgent(host, manager.port, clean);
    await until('first in', () => manager.sessions.length === 1);
    const copy = startAgent({ ...host, machineId: 'another machine' }, manager.port, clean);
    await until('copy refused', () =>
      /is connected already, from another machine/.test(copy.client.lastError),
    );
    expect(manager.sessions).toHaveLength(1);
  });

  it('lets the same machine take over from its older connection', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const raw = await rawAgent(host, manager, () => undefined);
    await until('first in', () => manager.sessions.length === 1);
    const older = new Promise((resolve) => manager.sessions[0]?.onClose(resolve));
    startAgent(host, manager.port, clean);
    expect(await older).toMatch(/host h1 has connected again from 127\.0\.0\.1:\d+/);
    await until('second in', () => manager.sessions.length === 2);
    await until('first cut off', () => raw.destroyed);
    expect(manager.server.connected(host.hostId)).toBe(true);
  });
});

describe('lost connections', () => {
  it('notices a cut line on both sides, and connects again once it is whole', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean, { keepAlive: QUICK });
    const line = await startLine(clean, manager.port);
    const host = await newHost(cluster, 'h1');
    const agent = startAgent(host, line.port, clean, { keepAlive: QUICK });
    await until('connected', () => agent.client.connected);
    const lost: string[] = [];
    manager.sessions[0]?.onClose((reason) => lost.push(reason));
    const waiting = manager.server
      .request(host.hostId, { method: 'GET', path: '/x' })
      .catch((error) => error);
    await waiting;
    line.cut();
    const cutAt = Date.now();
    await until('both noticed', () => lost.length === 1 && agent.closed.length === 1);
    expect(Date.now() - cutAt).toBeLessThan(2000);
    expect(lost[0]).toMatch(/nothing was heard for 0\.\d s/);
    expect(agent.closed[0]).toMatch(/nothing was heard for 0\.\d s/);
    expect(manager.server.connected(host.hostId)).toBe(false);
    line.heal();
    await until('connected again', () => manager.server.connected(host.hostId), 15_000);
  }, 20_000);

  it('does not take silence for death while pings are answered', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean, { keepAlive: QUICK });
    const host = await newHost(cluster, 'h1');
    const agent = startAgent(host, manager.port, clean, { keepAlive: QUICK });
    await until('connected', () => manager.server.connected(host.hostId));
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(agent.closed).toEqual([]);
    expect(manager.sessions).toHaveLength(1);
  });

  it('connects again after the manager was restarted', async () => {
    const cluster = await newCluster();
    const first = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const agent = startAgent(host, first.port, clean);
    await until('connected', () => agent.client.connected);
    await first.server.close();
    await until('agent knows', () => agent.closed.length === 1);
    expect(agent.closed[0]).toBe('the manager is stopping');
    await until('tried in vain', () => /cannot reach the manager/.test(agent.client.lastError));
    const second = await startManager(cluster, clean, { port: first.port });
    await until('connected again', () => second.server.connected(host.hostId));
    await until('agent has its session', () => agent.client.connected);
  });

  it('tries the managers in turn', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h1');
    const managers = ['127.0.0.1:1', `localhost:${manager.port}`];
    startAgent(host, manager.port, clean, { identity: { ...host, managers } });
    await until('connected', () => manager.server.connected(host.hostId));
  });

  it('stops at once while it dials or waits', async () => {
    const cluster = await newCluster();
    const host = await newHost(cluster, 'h1');
    const agent = startAgent(host, 1, clean, { backoff: { baseMs: 60_000, maxMs: 60_000 } });
    await until('failed once', () => agent.client.lastError !== '');
    const from = Date.now();
    await agent.client.stop();
    expect(Date.now() - from).toBeLessThan(1000);
  });

  it('says who cannot listen where', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    await expect(startManager(cluster, clean, { port: manager.port })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`cannot listen for agents on 127.0.0.1:${manager.port}`),
    });
  });
});
