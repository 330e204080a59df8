import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  type ManagerFrame,
  ROUTER_VERSION,
  type RouterChange,
  TLS_ROUTER_VERSION,
} from '../../contract/link.ts';
import { systemClock } from '../../kit/clock.ts';
import { silentLogger } from '../../kit/logger.ts';
import { newTestVault } from '../../kit/vault.fixture.ts';
import type { Balancer } from '../../model/balancer.ts';
import { certificatePurpose } from '../../model/certificate.ts';
import type { Container, ObservedContainer } from '../../model/container.ts';
import type { ReleaseRecord, ServiceRecord } from '../../model/deployment.ts';
import type { HostStatus } from '../../model/host.ts';
import type { Service } from '../../model/service.ts';
import { defaultSettings } from '../../model/settings.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { Routers } from './routers.ts';

let store: Store;
let routers: Routers;
let frames: (ManagerFrame & { t: 'router' | 'no-router' })[];

beforeEach(async () => {
  store = newMemoryStore();
  frames = [];
  await store.update((tx) => {
    tx.put('settings', {
      kind: 'settings',
      clusterId: 'c1',
      settings: { ...defaultSettings, failoverGraceMs: 60_000 },
    });
  });
  for (const id of ['h1', 'h2']) await putHost(id);
  routers = start();
});
afterEach(async () => {
  routers.close();
  await store.close();
});

const start = () =>
  new Routers({
    store,
    clock: systemClock,
    logger: silentLogger,
    cookieKey: '0123456789abcdef',
    vault: newTestVault(),
    pauseMs: 0,
  });
const attach = () => routers.attach('h1', ROUTER_VERSION, (frame) => frames.push(frame));
const service = (domain: string) =>
  ({
    ...{ name: 'web', weight: 100, listeners: [], container: { Image: 'web' } },
    routes: [
      {
        kind: 'route',
        port: 80,
        host: { kind: 'domain', name: domain },
        path: '/',
        scheme: 'http',
        scope: 'public',
        sticky: false,
      },
    ],
  }) as unknown as Service;

function putHost(id: string, more: Partial<HostStatus> = {}, labels: Record<string, string> = {}) {
  return store.update((tx) => {
    const dataAddress = id.replace('h', '192.0.2.');
    tx.put('hosts', {
      ...{ kind: 'host', id, name: id, labels, cordoned: false, dataAddress },
      ...{ certFingerprint: '', machineId: id, joinedAt: 0, joinTokenId: '' },
    });
    tx.put('hostStatus', {
      ...{ kind: 'host-status', id, state: 'ready', reason: '', address: '', dataAddress, agentVersion: '' },
      ...{ engine: undefined, lastHeardAt: 0, connectedAt: 0, reported: true, ...more },
    });
  });
}

function putService(stack: string, domain: string) {
  const spec = service(domain);
  const record: ServiceRecord = {
    ...{ kind: 'service-record', stack, name: 'web', service: spec, scale: null, generation: 1, release: 1 },
  };
  return store.update((tx) => {
    tx.put('services', record);
    tx.put('releases', { kind: 'release-record', stack, service: 'web', number: 1, spec } as ReleaseRecord);
  });
}

function putContainer(id: string, hostId: string, port: number | undefined, leaving = false, stack = 'shop') {
  return store.update((tx) => {
    tx.put('containers', {
      ...{
        kind: 'container',
        id,
        name: id,
        desired: { generation: 1, state: 'running', spec: { Image: 'web' } },
      },
      ...{ assigned: { hostId, at: 0 } },
      service: { stack, name: 'web', index: 1, release: 1, ...(leaving ? { leaving } : {}) },
    } as Container);
    if (port === undefined) return;
    tx.put('observedContainers', {
      ...{
        kind: 'observed-container',
        hostId,
        engineId: `e-${id}`,
        clusterId: id,
        name: id,
        networkMode: 'bridge',
      },
      ...{ labels: {}, state: { status: 'running', health: 'none' } },
      ports: [{ ip: '0.0.0.0', privatePort: 80, publicPort: port, type: 'tcp' }],
    } as unknown as ObservedContainer);
  });
}

/** What has come since it was asked last. */
function news(): string[] {
  return frames.splice(0).map((frame) => (frame.t === 'router' ? words(frame.change) : 'no router'));
}
function words({ whole, http, drop, keep }: RouterChange): string {
  const routes = http.map(({ names, pools }) => {
    const servers = pools.flatMap((pool) =>
      pool.servers.map(
        ({ address, port, state }) => `${address}:${port}${state === 'maint' ? ' leaves' : ''}`,
      ),
    );
    return `${names[0]?.domain} -> ${servers.join(', ')}`;
  });
  const rest = [...drop.map(() => 'one dropped'), ...keep.map(() => 'one kept')];
  return [...(whole ? ['all'] : []), ...routes, ...rest].join('; ');
}
const said = (seq: number, draining: string[] = [], serving = true) =>
  routers.said('h1', { t: 'routed', seq, serving, error: '', draining });
const until = (what: () => unknown) => expect.poll(what, { interval: 5 });

it('does not make a change of routes wait for changes that are none', async () => {
  const slow = new Routers({
    ...{ store, clock: systemClock, logger: silentLogger, cookieKey: '0123456789abcdef' },
    ...{ vault: newTestVault(), pauseMs: 60_000 },
  });
  await putService('shop', 'shop.com');
  await putContainer('c1', 'h2', undefined);
  slow.attach('h1', ROUTER_VERSION, (frame) => frames.push(frame));
  expect(news()).toEqual(['all; shop.com -> ']);
  slow.close();
});

it('tells an ingress host of all routes, then of what changes', async () => {
  attach();
  await until(news).toEqual(['no router']);
  await putService('shop', 'a.example.com');
  await until(news).toEqual(['all; a.example.com -> ']);
  await putContainer('c1', 'h1', 1001);
  await until(news).toEqual(['a.example.com -> 192.0.2.1:1001']);
  await putService('other', 'b.example.com');
  await until(news).toEqual(['b.example.com -> ']);
  await store.update((tx) => tx.delete('services', 'shop/web'));
  await until(news).toEqual(['one dropped']);
  await store.update((tx) => {
    const other = tx.get('services', 'other/web') as ServiceRecord;
    tx.put('services', { ...other, service: { ...other.service, routes: [] } });
  });
  await until(news).toEqual(['no router']);
});

it('misses no figures of a host that is down, or says that its router serves nothing', async () => {
  await putHost('h2', { state: 'down' });
  const missing = () => routers.access.of('shop/web', undefined, 10_000).missing;
  expect(missing()).toEqual(['h1']);
  await said(1, [], false);
  expect(missing()).toEqual([]);
});

it('tells those with the label alone where a host has it', async () => {
  await putService('shop', 'a.example.com');
  attach();
  await until(news).toEqual(['all; a.example.com -> ']);
  await putHost('h2', {}, { 'berth.ingress': 'true' });
  await until(news).toEqual(['no router']);
  await putHost('h1', {}, { 'berth.ingress': 'true' });
  await until(news).toEqual(['all; a.example.com -> ']);
});

it('is out of routing once those that serve have said so, and no request is under way', async () => {
  await putService('shop', 'a.example.com');
  await putContainer('c1', 'h1', 1001);
  attach();
  await until(news).toEqual(['all; a.example.com -> 192.0.2.1:1001']);
  const last = () => (frames.at(-1) as { change: RouterChange }).change.seq;
  await putContainer('c1', 'h1', 1001, true);
  await until(() => frames.length).toBe(1);
  const seq = last();
  expect(words((frames.at(-1) as { change: RouterChange }).change)).toBe(
    'a.example.com -> 192.0.2.1:1001 leaves',
  );
  expect(routers.isOut('c1')).toBe(false);
  await said(seq - 1);
  expect(routers.isOut('c1')).toBe(false);
  await said(seq, ['192.0.2.1 1001']);
  expect(routers.isOut('c1')).toBe(false);
  await said(seq, ['192.0.2.1 1001'], false);
  expect(routers.isOut('c1')).toBe(true);
  await said(seq);
  expect(routers.isOut('c1')).toBe(true);
  await store.update((tx) => tx.delete('containers', 'c1'));
  expect(routers.isOut('c1')).toBe(false);
});

it('does not take for out what a router may serve again, and waits for none that has none to tell', async () => {
  await putHost('h1', {}, { 'berth.ingress': 'true' });
  await putService('shop', 'a.example.com');
  await putContainer('c1', 'h1', 1001);
  const leaves = 'a.example.com -> 192.0.2.1:1001 leaves';
  // Of an earlier time, when it had nothing to serve.
  await said(0, [], false);
  attach();
  // It is no ingress host: nothing is heard of its router.
  routers.attach('h2', ROUTER_VERSION, () => undefined);
  await until(news).toEqual(['all; a.example.com -> 192.0.2.1:1001']);
  await putContainer('c1', 'h1', 1001, true);
  await until(() => frames.length).toBe(1);
  const { seq } = (frames.at(-1) as { change: RouterChange }).change;
  expect(news()).toEqual([leaves]);
  expect(routers.isOut('c1')).toBe(false);
  await said(seq);
  expect(routers.isOut('c1')).toBe(true);
});

it('forgets a host that was removed, and who connects with an agent that knows no routers any more', async () => {
  await putService('shop', 'a.example.com');
  attach();
  await until(news).toEqual(['all; a.example.com -> ']);
  await store.update((tx) => tx.delete('hosts', 'h1'));
  await said(1);
  expect(store.view((tx) => tx.get('hostRouters', 'h1'))).toBeUndefined();
  await putHost('h1');
  const old: unknown[] = [];
  routers.attach('h1', ROUTER_VERSION, (frame) => old.push(frame));
  await until(() => old.length).toBe(1);
  routers.attach('h1', ROUTER_VERSION - 1, (frame) => old.push(frame));
  routers.attach('h2', ROUTER_VERSION, (frame) => frames.push(frame));
  await putContainer('c1', 'h1', 1001);
  await until(() => news().at(-1)).toContain('a.example.com -> 192.0.2.1:1001');
  expect(old).toHaveLength(1);
});

it('follows a host to another address, and a balancer what it leads to, be it made by plain docker', async () => {
  await putService('shop', 'a.example.com');
  await putContainer('c1', 'h1', 1001);
  await store.update((tx) =>
    tx.put('balancers', {
      ...{ kind: 'balancer', name: 'crm', rules: {}, sticky: false, createdAt: 0, createdBy: 'root' },
      targets: ['c2', 'plain'].map((name) => ({ kind: 'container', name, port: 80, weight: 100 })),
      listens: [{ kind: 'http', domain: 'crm.com', path: '/' }],
    }),
  );
  attach();
  await until(news).toEqual(['all; a.example.com -> 192.0.2.1:1001; crm.com -> ']);
  await putContainer('c2', 'h1', 1002, false, 'other');
  await until(news).toEqual(['crm.com -> 192.0.2.1:1002']);
  await putHost('h1', { dataAddress: '192.0.2.9' });
  await until(news).toEqual(['a.example.com -> 192.0.2.9:1001; crm.com -> 192.0.2.9:1002']);
  const plain = (status: string) =>
    store.update((tx) => {
      const { clusterId: _, ...one } = tx.get('observedContainers', 'h1/e-c2') as ObservedContainer;
      const ports = [{ ip: '', privatePort: 80, publicPort: 1003, type: 'tcp' }];
      const state = { ...one.state, status };
      tx.put('observedContainers', {
        ...one,
        engineId: 'e9',
        name: 'plain',
        ports,
        state,
      } as ObservedContainer);
    });
  await plain('running');
  await until(news).toEqual(['crm.com -> 192.0.2.9:1002, 192.0.2.9:1003']);
  await plain('exited');
  await until(news).toEqual(['crm.com -> 192.0.2.9:1002']);
  await store.update((tx) => {
    const one = tx.get('containers', 'c2') as Container;
    tx.put('containers', { ...one, assigned: { ...one.assigned, moving: { hostId: 'h2', phase: 'drain' } } });
  });
  await until(news).toEqual(['crm.com -> 192.0.2.9:1002 leaves']);
});

it('leads to a container that moves no more before it is stopped, and to it where it is then', async () => {
  await putService('shop', 'a.example.com');
  await putContainer('c1', 'h1', 1001);
  attach();
  await until(news).toEqual(['all; a.example.com -> 192.0.2.1:1001']);
  const moving = (phase: 'drain' | 'stop') =>
    store.update((tx) => {
      const one = tx.get('containers', 'c1');
      if (one !== undefined)
        tx.put('containers', { ...one, assigned: { hostId: 'h1', at: 0, moving: { hostId: 'h2', phase } } });
    });
  await moving('drain');
  await until(news).toEqual(['a.example.com -> 192.0.2.1:1001 leaves']);
  await said(1_000);
  expect(routers.isOut('c1')).toBe(true);
  await moving('stop');
  await putContainer('c1', 'h2', 1002);
  await until(news).toEqual(['a.example.com -> 192.0.2.2:1002']);
  expect(routers.isOut('c1')).toBe(false);
});

it('leads to a host that is not heard of only where there is no other', async () => {
  await putService('shop', 'a.example.com');
  await putContainer('c1', 'h1', 1001);
  await putContainer('c2', 'h2', 1002);
  attach();
  await until(news).toEqual(['all; a.example.com -> 192.0.2.1:1001, 192.0.2.2:1002']);
  await putHost('h2', { silent: true });
  await until(news).toEqual(['a.example.com -> 192.0.2.1:1001']);
  await putHost('h1', { state: 'down' });
  await until(news).toEqual(['a.example.com -> 192.0.2.1:1001, 192.0.2.2:1002']);
});

it('leaves routes as they are while a manager that has started has not heard of their hosts', async () => {
  await putService('shop', 'a.example.com');
  await putContainer('c1', 'h1', undefined);
  await putHost('h1', { reported: false });
  routers.close();
  routers = start();
  attach();
  await until(news).toEqual(['all; one kept']);
  await putContainer('c1', 'h1', 1001);
  await putHost('h1');
  await until(news).toEqual(['a.example.com -> 192.0.2.1:1001']);
  attach();
  await until(news).toEqual(['all; a.example.com -> 192.0.2.1:1001']);
  // What it has heard of once follows its containers, whatever is still to be heard of others.
  await putHost('h3', { reported: false });
  await putContainer('c3', 'h3', undefined);
  await putContainer('c1', 'h1', 1001, true);
  await until(news).toEqual(['a.example.com -> 192.0.2.1:1001 leaves']);
});

it('leaves them no longer than hosts have to connect', async () => {
  await putService('shop', 'a.example.com');
  await putContainer('c1', 'h1', undefined);
  await putHost('h1', { reported: false });
  await store.update((tx) =>
    tx.put('settings', {
      ...{ kind: 'settings', clusterId: 'c1', settings: { ...defaultSettings, failoverGraceMs: 30 } },
    }),
  );
  routers.close();
  routers = start();
  attach();
  expect(news()).toEqual(['all; one kept']);
  await until(news).toEqual(['a.example.com -> ']);
});

it('gives a domain that two services have to one of them', async () => {
  attach();
  await until(news).toEqual(['no router']);
  await putService('shop', 'a.example.com');
  await until(news).toEqual(['all; a.example.com -> ']);
  await putService('other', 'a.example.com');
  await putContainer('c1', 'h1', 1001, false, 'other');
  await putService('third', 'c.example.com');
  await until(news).toEqual(['c.example.com -> ']);
  await store.update((tx) => tx.delete('services', 'shop/web'));
  await until(news).toEqual(['a.example.com -> 192.0.2.1:1001; one dropped']);
});

it('says nothing to an agent that knows no routers', async () => {
  await putService('shop', 'a.example.com');
  routers.attach('h1', ROUTER_VERSION - 1, (frame) => frames.push(frame));
  routers.attach('h2', ROUTER_VERSION, (frame) => frames.push(frame));
  await until(news).toEqual(['all; a.example.com -> ']);
});

it('leads a balancer to containers by name while they serve, and to addresses always; services have their names first', async () => {
  const balancer: Balancer = {
    ...{ kind: 'balancer', name: 'crm', rules: {}, sticky: false, createdAt: 0, createdBy: 'root' },
    targets: [
      { kind: 'container', name: 'a', port: 80, weight: 100 },
      { kind: 'address', address: '198.51.100.7', port: 8080, weight: 50 },
    ],
    listens: [
      { kind: 'http', domain: 'crm.com', path: '/' },
      { kind: 'http', domain: 'x.com', path: '/' },
    ],
  };
  await putService('shop', 'x.com');
  await store.update((tx) => tx.put('balancers', balancer));
  attach();
  await expect.poll(() => frames).toHaveLength(1);
  const routes = () =>
    frames
      .splice(0)
      .flatMap((frame) =>
        frame.t === 'router' ? frame.change.http.filter(({ id }) => id.startsWith('lb.crm-')) : [],
      );
  const servers = () =>
    routes().map(({ names, pools }) => [
      names.map(({ domain }) => domain),
      pools[0]?.servers.map(({ address, port, weight }) => `${address}:${port}=${weight}`),
    ]);
  expect(servers()).toEqual([[['crm.com'], ['198.51.100.7:8080=50']]]);
  await putContainer('a', 'h1', 30_001, false, 'other');
  await expect.poll(() => frames).not.toEqual([]);
  expect(servers()).toEqual([[['crm.com'], ['192.0.2.1:30001=100', '198.51.100.7:8080=50']]]);
  await store.update((tx) => tx.delete('services', 'shop/web'));
  await expect.poll(() => frames).not.toEqual([]);
  expect(servers()[0]?.[0]).toEqual(['crm.com', 'x.com']);
  await store.update((tx) => tx.delete('balancers', 'crm'));
  await expect.poll(() => frames).not.toEqual([]);
  expect(frames.some((frame) => frame.t === 'no-router' || frame.change.drop.length === 1)).toBe(true);
});

it('tells certificates once, and ports for TLS to agents that know them', async () => {
  const put = (name: string, pem: string, fingerprint = pem) => {
    const sealed = newTestVault().seal(pem, certificatePurpose({ name }));
    return store.update((tx) =>
      tx.put('certificates', {
        ...{ kind: 'certificate', name, source: 'upload', domains: [], notBefore: 0, notAfter: 0, sealed },
        ...{ fingerprint, createdAt: 0, createdBy: 'root' },
      }),
    );
  };
  await store.update((tx) =>
    tx.put('settings', {
      kind: 'settings',
      clusterId: 'c1',
      settings: { ...defaultSettings, routerTlsPort: 443 },
    }),
  );
  await putService('shop', 'x.com');
  const old: typeof frames = [];
  routers.attach('h2', ROUTER_VERSION, (frame) => old.push(frame));
  routers.attach('h1', TLS_ROUTER_VERSION, (frame) => frames.push(frame));
  await expect.poll(() => frames).toHaveLength(1);
  const told = (all: typeof frames) =>
    all
      .splice(0)
      .map((frame) =>
        frame.t === 'router'
          ? [
              frame.change.base.entries.map(({ port }) => port),
              frame.change.certificates?.map(({ pem }) => pem),
            ]
          : [],
      );
  // no port for TLS before there is something to show
  expect(told(frames)).toEqual([[[80], []]]);
  await put('shop', 'one');
  await expect.poll(() => frames).not.toEqual([]);
  expect(told(frames)).toEqual([[[80, 443], ['one']]]);
  await putContainer('a', 'h1', 30_001);
  await expect.poll(() => frames).not.toEqual([]);
  expect(told(frames)).toEqual([[[80, 443], undefined]]);
  await put('shop', 'two');
  await expect.poll(() => frames).not.toEqual([]);
  expect(told(frames)).toEqual([[[80, 443], ['two']]]);
  // The same certificate, with those behind it that were missing.
  await put('shop', 'two, and who signed it', 'two');
  await expect.poll(() => frames).not.toEqual([]);
  expect(told(frames)).toEqual([[[80, 443], ['two, and who signed it']]]);
  await store.update((tx) =>
    tx.put('settings', {
      ...{ kind: 'settings', clusterId: 'c1', settings: { ...defaultSettings, routerTlsPort: 80 } },
    }),
  );
  await expect.poll(() => frames).not.toEqual([]);
  frames.splice(0);
  await put('other', 'three');
  await expect.poll(() => frames).not.toEqual([]);
  frames.splice(0);
  await store.update((tx) => tx.delete('certificates', 'shop'));
  // HAProxy would not start with both ports.
  await expect.poll(() => frames).not.toEqual([]);
  expect(told(frames)).toEqual([[[80], ['three']]]);
  expect(told(old).every(([ports, certificates]) => ports?.length === 1 && certificates === undefined)).toBe(
    true,
  );
});

it('tells challenges of ACME with nothing to reload for each, and knows who answers them', async () => {
  const token = (name: string) => ({ token: name, answer: `${name}.${'t'.repeat(43)}` });
  const order = (...tokens: string[]) =>
    store.update((tx) =>
      tx.put('acmeCertificates', {
        ...{ kind: 'acme-certificate', name: 'a.com', domains: ['a.com'], wantedBy: 'command' },
        ...{ failures: 0, error: '', retryAt: 0, limited: false, createdAt: 0, createdBy: 'root' },
        order: {
          ...{ directory: 'https://ca/', domains: ['a.com'], askedAt: 0, sealed: '' },
          challenges: tokens.map(token),
        },
      }),
    );
  routers.attach('h1', TLS_ROUTER_VERSION, (frame) => frames.push(frame));
  routers.attach('h2', TLS_ROUTER_VERSION, () => undefined);
  await until(news).toEqual(['no router']);
  expect(routers.answered(['one'])).toBe('none');
  await order('one', 'two');
  await vi.waitFor(() => expect(frames).toHaveLength(1), 10_000);
  const [frame] = frames.splice(0);
  const change = frame?.t === 'router' ? frame.change : undefined;
  expect(change?.base.acme).toBe(true);
  expect(change?.challenges).toEqual([token('one'), token('two')]);
  const seq = change?.seq ?? 0;
  const says = (host: string, serving: boolean, at = seq) =>
    routers.said(host, { t: 'routed', seq: at, serving, error: '', draining: [] });
  await says('h1', true, seq - 1);
  expect(routers.answered(['one', 'two'])).toBe('none');
  await says('h1', true);
  expect(routers.answered(['one', 'two'])).toBe('some');
  await says('h2', false);
  expect(routers.answered(['one', 'two'])).toBe('all');
  // One that has still to connect, behind a start of the manager; one that was heard of, and has gone.
  await putHost('h3', { reported: false });
  expect(routers.answered(['one', 'two'])).toBe('some');
  // One whose agent starts anew: its HAProxy serves on.
  await putHost('h3', { state: 'suspect' });
  expect(routers.answered(['one', 'two'])).toBe('some');
  await putHost('h3', { state: 'down' });
  expect(routers.answered(['one', 'two'])).toBe('all');
  expect(routers.answered(['one', 'three'])).toBe('none');
  await putService('shop', 'x.com');
  await vi.waitFor(() => expect(frames).toHaveLength(1), 10_000);
  expect(frames.splice(0)).toMatchObject([{ change: { base: { acme: true }, whole: false } }]);
  expect(routers.answered(['two'])).toBe('all');
  // One of an agent that knows no challenges answers none, and is not waited for.
  await putHost('h4');
  routers.attach('h4', TLS_ROUTER_VERSION - 1, () => undefined);
  expect(routers.answered(['two'])).toBe('all');
  await order();
  await vi.waitFor(() => expect(frames).toHaveLength(1), 10_000);
  expect(frames).toMatchObject([{ change: { base: { acme: true }, challenges: [] } }]);
});
