import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newAccountKey, newAcmeClient } from '../../src/acme/index.ts';
import { changedRouter, routerStateOf, type WantedRouter } from '../../src/agent/routing/router-record.ts';
import { readUpload } from '../../src/api/routing/read-upload.ts';
import { Routers } from '../../src/api/routing/routers.ts';
import { LINK_VERSION, type RouterChange } from '../../src/contract/link.ts';
import { CertificateCare } from '../../src/controllers/index.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLogger } from '../../src/kit/logger.ts';
import { newTestVault } from '../../src/kit/vault.fixture.ts';
import { newPrivateKey, serverRequest } from '../../src/link/index.ts';
import type { ServiceRecord } from '../../src/model/deployment.ts';
import type { RouteOptions } from '../../src/model/route-options.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { newMemoryStore } from '../../src/store/index.ts';
import { CaddyCa } from '../lab/caddy.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { ADDRESS, ask, stateOf, TestRouter } from './haproxy.ts';

/**
 * A real ACME server (smallstep's, in Debian's Caddy), a real HAProxy, and the manager's side of both: what is between them
 * is an agent's, in short.
 */
const CA_ADDRESS = ADDRESS.replace(/1$/, '2');
const TLS_PORT = 8443;
const HTTP_PORT = 80; // where CAs ask
const HOUR = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'berth-acme-'));
const haproxy = new TestRouter();
const vault = newTestVault();
const store = newMemoryStore();
const names = ['a.test', 'b.test', 'away.test'];
const ca = new CaddyCa({
  ...{ folder, address: CA_ADDRESS, port: 14_000 },
  // away.test leads to where nobody answers
  hosts: Object.fromEntries(names.map((name) => [name, name === 'away.test' ? CA_ADDRESS : ADDRESS])),
});
let aheadMs = 0;
const clock = { ...systemClock, now: () => Date.now() + aheadMs };
let routers: Routers;
let care: CertificateCare;
const reloads: string[] = [];
/** Changes that HAProxy does not have yet. */
let pending = 0;

/** What an agent does with a change: holds HAProxy to it, and says so. */
function attachHost(): void {
  let wanted: WantedRouter | undefined;
  let turn = Promise.resolve();
  routers.attach('h1', LINK_VERSION, (frame) => {
    if (frame.t !== 'router') return;
    const change: RouterChange = frame.change;
    wanted = changedRouter(wanted, change);
    const state = routerStateOf(wanted);
    pending++;
    turn = turn.then(async () => {
      const entries = state.entries.map((entry) => ({ ...entry, address: ADDRESS }));
      const applied = await haproxy.router.apply({ ...state, entries });
      if (applied.kind === 'reload') reloads.push(applied.because);
      await routers.said('h1', { t: 'routed', seq: change.seq, serving: true, error: '', draining: [] });
      pending--;
    });
  });
}

beforeAll(async () => {
  await ensureRequirements([
    ['haproxy', 'haproxy'],
    ['caddy', 'caddy'],
  ]);
  await haproxy.start(stateOf([]));
  await ca.start();
  await store.update((tx) => {
    const acme = { acmeDirectory: ca.directory, acmeRoot: ca.root, acmeTermsAgreed: true };
    const ports = { routerPort: HTTP_PORT, routerTlsPort: TLS_PORT };
    tx.put('settings', {
      ...{ kind: 'settings', clusterId: 'c1' },
      settings: { ...defaultSettings, ...acme, ...ports, failoverGraceMs: 0 },
    });
    tx.put('hosts', {
      ...{ kind: 'host', id: 'h1', name: 'h1', labels: {}, cordoned: false, dataAddress: ADDRESS },
      ...{ certFingerprint: '', machineId: 'h1', joinedAt: 0, joinTokenId: '' },
    });
  });
  routers = new Routers({ store, clock, vault, logger: silentLogger, cookieKey: '0123456789abcdef' });
  attachHost();
  care = new CertificateCare({
    ...{ store, vault, clock, logger: silentLogger, newAccountKey, connect: newAcmeClient },
    ...{ newKey: newPrivateKey, requestFor: serverRequest, read: readUpload },
    ...{ answered: (tokens) => routers.answered(tokens), audit: () => undefined },
  });
});

afterAll(async () => {
  await care?.close();
  routers?.close();
  await ca.stop();
  await haproxy.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const deploy = (domain: string, options: RouteOptions) => {
  const host = { kind: 'domain', name: domain };
  const route = {
    kind: 'route',
    port: 80,
    host,
    path: '/',
    scheme: 'http',
    scope: 'public',
    sticky: false,
    options,
  };
  const service = { name: domain, weight: 100, listeners: [], routes: [route], container: { Image: 'web' } };
  const record = {
    kind: 'service-record',
    stack: 's',
    name: domain,
    service,
    scale: null,
    generation: 1,
    release: 1,
  };
  return store.update((tx) => tx.put('services', record as unknown as ServiceRecord));
};
const until = (what: () => unknown) => expect.poll(what, { timeout: 60_000, interval: 100 });
const record = (name: string) => store.view((tx) => tx.get('acmeCertificates', name));
const issued = (name: string) => store.view((tx) => tx.get('certificates', name));

/** What a client gets that believes this CA alone. */
function shown(servername: string) {
  return new Promise<string>((resolve) => {
    const socket = connectTls({ host: ADDRESS, port: TLS_PORT, servername, ca: ca.root }, () => {
      const { fingerprint256 = '', subjectaltname } = socket.getPeerCertificate();
      resolve(`${subjectaltname} ${fingerprint256.replaceAll(':', '').toLowerCase()}`);
      socket.destroy();
    });
    socket.on('error', (error) => resolve(error.message));
  });
}

const auth = { realm: 'x', salt: 'q83vEjRWeJCrze8SNFZ4kA==', users: ['0a'.repeat(32)] };

describe('a certificate of a real ACME server', () => {
  it('is had for a domain that sends clients to https and asks for passwords, and shown by its name', async () => {
    await deploy('a.test', { certificate: 'acme', redirect: { kind: 'https', code: 308, port: 443 }, auth });
    await until(() => issued('a.test')?.source ?? record('a.test')?.error).toBe('acme');
    await until(() => shown('a.test')).toBe(`DNS:a.test ${issued('a.test')?.fingerprint}`);
    expect((await ask('a.test', '/', { port: HTTP_PORT })).status).toBe(308);
    expect(record('a.test')?.order).toBe(undefined);
  });

  it('is renewed, and another one is had, without a reload', async () => {
    await until(() => shown('a.test')).toContain('DNS:a.test');
    await until(() => pending).toBe(0);
    const [worker, before] = [await haproxy.worker(), issued('a.test')?.fingerprint];
    reloads.length = 0;
    aheadMs = 9 * HOUR; // of twelve
    await store.update((tx) =>
      tx.put('acmeCertificates', {
        ...{ kind: 'acme-certificate', name: 'both', domains: ['a.test', 'b.test'], wantedBy: 'command' },
        ...{ failures: 0, error: '', retryAt: 0, limited: false, createdAt: 0, createdBy: 'ann' },
      }),
    );
    await until(() => issued('both')?.domains ?? record('both')?.error).toEqual(['a.test', 'b.test']);
    await until(() => shown('b.test')).toBe(`DNS:a.test, DNS:b.test ${issued('both')?.fingerprint}`);
    // the user's one is for that domain now
    await until(() => record('a.test')?.wantedBy).toBe('nobody');
    await store.update((tx) => {
      tx.delete('acmeCertificates', 'both');
      tx.delete('certificates', 'both');
    });
    await until(() => issued('a.test')?.fingerprint).not.toBe(before);
    await until(() => shown('a.test')).toBe(`DNS:a.test ${issued('a.test')?.fingerprint}`);
    await until(() => pending).toBe(0);
    expect(reloads).toEqual([]);
    expect(await haproxy.worker()).toBe(worker);
  });

  it('answers for its own challenges alone', async () => {
    const path = '/.well-known/acme-challenge/of-somebody-else';
    expect((await ask('a.test', path, { port: HTTP_PORT })).status).toBe(308);
    expect((await ask('nobody.test', path, { port: HTTP_PORT })).status).toBe(404);
  });

  it('is not to be had for a domain that leads elsewhere, and says so in one line', async () => {
    await deploy('away.test', { certificate: 'acme' });
    await until(() => record('away.test')?.failures).toBe(1);
    expect(record('away.test')?.error).toMatch(/away\.test.* -> let the domain lead to the ingress hosts/);
    expect(record('away.test')?.error).not.toContain('\n');
  });
});
