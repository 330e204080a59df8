import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CaServer, problem } from '../acme/ca-server.fixture.ts';
import { newAccountKey, newAcmeClient } from '../acme/index.ts';
import { readUpload } from '../api/routing/read-upload.ts';
import { CertificateCare } from '../controllers/index.ts';
import { silentLogger } from '../kit/logger.ts';
import { newTestVault } from '../kit/vault.fixture.ts';
import { createCa, newPrivateKey, openCa, serverRequest } from '../link/index.ts';
import { certificatePurpose } from '../model/certificate.ts';
import type { ServiceRecord } from '../model/deployment.ts';
import { defaultSettings, type Settings } from '../model/settings.ts';
import { newMemoryStore, type Store } from '../store/index.ts';

/** The loop, the client and the store as they are, with a CA of the test's own. */
vi.setConfig({ testTimeout: 120_000 });
const MINUTE = 60_000;
const DAY = 86_400_000;
const vault = newTestVault();
let store: Store;
let ca: CaServer;
let care: CertificateCare;
let now: number;
let lifeMs: number;
let answers: (domain: string) => boolean;
let audited: string[];

beforeEach(async () => {
  [now, lifeMs, audited] = [Date.now(), 90 * DAY, []];
  answers = () => true;
  store = newMemoryStore();
  const signer = await openCa(await createCa('acme', now - DAY));
  ca = await new CaServer({
    fetch: (domain, token) =>
      answers(domain)
        ? store
            .view((tx) => [...tx.all('acmeCertificates')].flatMap(({ order }) => order?.challenges ?? []))
            .find((one) => one.token === token)?.answer
        : 'a page',
    sign: async (csr, domains) => {
      const request = new x509.Pkcs10CertificateRequest(new Uint8Array(csr));
      const certificate = await x509.X509CertificateGenerator.create({
        ...{ issuer: signer.parsed.subjectName, publicKey: request.publicKey, signingKey: signer.signingKey },
        ...{ notBefore: new Date(now), notAfter: new Date(now + lifeMs) },
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
        extensions: [
          new x509.SubjectAlternativeNameExtension(domains.map((value) => ({ type: 'dns', value }))),
        ],
      });
      return `${certificate.toString('pem')}\n${signer.certificate}`;
    },
  }).start();
  await set({});
  care = start();
});
afterEach(async () => {
  await care.close();
  await ca.close();
  await store.close();
});

const start = () =>
  new CertificateCare({
    ...{ store, vault, logger: silentLogger, newAccountKey, connect: newAcmeClient },
    ...{ newKey: newPrivateKey, requestFor: serverRequest, read: readUpload, answered: () => 'all' as const },
    clock: { now: () => now, sleep: () => new Promise((resolve) => setTimeout(resolve, 1)) },
    audit: (_, __, target, outcome) => void audited.push(`${target}: ${outcome}`),
  });

const set = (more: Partial<Settings>) =>
  store.update((tx) => {
    const own = { acmeDirectory: ca.directory, acmeTermsAgreed: true };
    tx.put('settings', {
      ...{ kind: 'settings', clusterId: 'c1' },
      settings: { ...defaultSettings, ...own, ...more },
    });
  });

const service = (domain: string): ServiceRecord =>
  ({
    ...{ kind: 'service-record', stack: 'shop', name: domain, scale: null, generation: 1, release: 1 },
    service: {
      ...{ name: domain, listeners: [] },
      routes: [
        {
          ...{ kind: 'route', port: 80, host: { kind: 'domain', name: domain }, path: '/', scheme: 'http' },
          ...{ scope: 'public', sticky: false, options: { certificate: 'acme' } },
        },
      ],
    },
  }) as unknown as ServiceRecord;
const deploy = (...domains: string[]) =>
  store.update((tx) => {
    for (const domain of domains) tx.put('services', service(domain));
  });
const drop = (domain: string) => store.update((tx) => void tx.delete('services', `shop/${domain}`));

const until = (what: () => void) => vi.waitFor(what, { timeout: 60_000 });
const record = (name: string) => store.view((tx) => tx.get('acmeCertificates', name));
const shown = (name: string) => store.view((tx) => tx.get('certificates', name));
const issued = (name: string) => until(() => expect(shown(name)?.source).toBe('acme'));
const failed = (name: string, failures: number) => until(() => expect(record(name)?.failures).toBe(failures));
/** Has the loop look at the clock again. */
async function jump(ms: number): Promise<void> {
  now += ms;
  await set({ suspectAfterMs: 2_000 + Math.round(Math.random() * 1_000) });
}
const idle = () => new Promise((resolve) => setTimeout(resolve, 100));

describe('a domain of a route that wants a certificate by ACME', () => {
  it('gets one, sealed, with nothing left of its order', async () => {
    await deploy('a.com');
    await issued('a.com');
    expect(shown('a.com')).toMatchObject({ domains: ['a.com'], createdBy: 'berth' });
    expect(record('a.com')).toMatchObject({ wantedBy: 'routes', failures: 0, error: '' });
    expect(record('a.com')?.order).toBe(undefined);
    const pem = vault.open(shown('a.com')?.sealed ?? '', certificatePurpose({ name: 'a.com' })).toString();
    expect(pem.match(/BEGIN [A-Z ]+/g)).toEqual([
      'BEGIN CERTIFICATE',
      'BEGIN CERTIFICATE',
      'BEGIN PRIVATE KEY',
    ]);
    const all = JSON.stringify(
      store.view((tx) => [
        ...tx.all('acmeAccounts'),
        ...tx.all('acmeCertificates'),
        ...tx.all('certificates'),
      ]),
    );
    expect(all).not.toContain('PRIVATE KEY');
    await until(() => expect(audited).toEqual(['a.com: ok']));
    await idle();
    expect([ca.orders.length, ca.accounts.size]).toEqual([1, 1]);
  });

  it('is not asked for before somebody has agreed to the terms', async () => {
    await set({ acmeTermsAgreed: false });
    await deploy('a.com');
    await until(() => expect(record('a.com')).toBeDefined());
    await idle();
    expect(ca.seen).toEqual([]);
    await set({});
    await issued('a.com');
  });

  it('is renewed at two thirds of its life, and shown until then', async () => {
    await deploy('a.com');
    await issued('a.com');
    const first = shown('a.com')?.fingerprint;
    await jump(59 * DAY);
    await idle();
    expect(ca.orders.length).toBe(1);
    await jump(5 * DAY);
    await until(() => expect(shown('a.com')?.fingerprint).not.toBe(first));
    expect([ca.orders.length, ca.accounts.size]).toEqual([2, 1]);
  });

  it('keeps it where the route goes and comes back, and is not renewed meanwhile', async () => {
    await deploy('a.com');
    await issued('a.com');
    await drop('a.com');
    await until(() => expect(record('a.com')?.wantedBy).toBe('nobody'));
    await jump(80 * DAY);
    await idle();
    expect(ca.orders.length).toBe(1);
    now -= 80 * DAY;
    await deploy('a.com');
    await until(() => expect(record('a.com')?.wantedBy).toBe('routes'));
    await idle();
    expect(ca.orders.length).toBe(1);
  });

  it('does without where a user has one for it', async () => {
    await store.update((tx) =>
      tx.put('acmeCertificates', {
        ...{ kind: 'acme-certificate', name: 'both', domains: ['a.com', 'b.com'], wantedBy: 'command' },
        ...{ failures: 0, error: '', retryAt: 0, limited: false, createdAt: now, createdBy: 'ann' },
      }),
    );
    await issued('both');
    await deploy('a.com', 'c.com');
    await issued('c.com');
    expect(record('a.com')).toBe(undefined);
    expect(shown('both')).toMatchObject({ domains: ['a.com', 'b.com'], createdBy: 'ann' });
  });
});

describe('a manager that ends in the middle', () => {
  it.each([
    'GET /directory',
    'HEAD /nonce',
    'POST /account',
    'POST /authz',
    'POST /challenge',
    'POST /finalize',
    'POST /certificate',
  ])('of %s goes on when it is back, and makes no second order', async (step) => {
    let ended: Promise<void> | undefined;
    ca.fault = (what) => {
      if (ended !== undefined || what !== step) return undefined;
      ended = care.close();
      return 'cut-after';
    };
    await deploy('a.com');
    await until(() => expect(ended).toBeDefined());
    await ended;
    expect(shown('a.com')).toBe(undefined);
    expect(record('a.com')?.failures).toBe(0);
    care = start();
    await issued('a.com');
    expect([ca.orders.length, ca.accounts.size]).toEqual([1, 1]);
  });
});

it('is ordered once more where the manager ended before the CA could say where the order is', async () => {
  let ended: Promise<void> | undefined;
  ca.fault = (what) => {
    if (ended !== undefined || what !== 'POST /order') return undefined;
    ended = care.close();
    return 'cut-after';
  };
  await deploy('a.com');
  await until(() => expect(ended).toBeDefined());
  await ended;
  care = start();
  await issued('a.com');
  expect([ca.orders.length, ca.accounts.size]).toEqual([2, 1]);
});

describe('a CA that gives nothing', () => {
  it('is asked again minutes later, then hours, then days, and says why in one line', async () => {
    answers = () => false;
    await deploy('a.com');
    await failed('a.com', 1);
    const { retryAt = 0, error = '' } = record('a.com') ?? {};
    expect(retryAt - now).toBeGreaterThanOrEqual(5 * MINUTE);
    expect(retryAt - now).toBeLessThanOrEqual(10 * MINUTE);
    expect(error).toMatch(/^a\.com: a\.com answers a page -> let the domain lead to the ingress hosts/);
    await until(() =>
      expect(store.view((tx) => tx.get('certificateStatus', 'a.com')?.worry)).toContain(error),
    );
    await jump(4 * MINUTE);
    await idle();
    expect(ca.orders.length).toBe(1);
    for (let failures = 2; failures <= 12; failures++) {
      await jump((record('a.com')?.retryAt ?? 0) - now + 1);
      await failed('a.com', failures);
    }
    const wait = (record('a.com')?.retryAt ?? 0) - now;
    expect(wait).toBeGreaterThanOrEqual(DAY / 2);
    expect(wait).toBeLessThanOrEqual(DAY);
    answers = () => true;
    await jump(DAY);
    await issued('a.com');
    await until(() => expect(store.view((tx) => tx.get('certificateStatus', 'a.com')?.worry)).toBe(''));
  });

  it('because of its limits is left alone for as long as it says', async () => {
    ca.fault = (what) =>
      what === 'POST /order' ? problem(429, 'rateLimited', 'too many', { 'retry-after': '7200' }) : undefined;
    await deploy('a.com');
    await failed('a.com', 1);
    expect(record('a.com')).toMatchObject({ limited: true, error: expect.stringContaining('too many') });
    expect((record('a.com')?.retryAt ?? 0) - now).toBeGreaterThanOrEqual(7_200_000);
    await jump(119 * MINUTE);
    await idle();
    expect(ca.count('POST /order')).toBe(1);
    ca.fault = () => undefined;
    await jump(2 * MINUTE);
    await issued('a.com');
    expect(ca.orders.length).toBe(1);
  });

  it('as it is down is asked by a few, and by nobody else until later', async () => {
    ca.fault = () => ({ status: 503, body: 'down' });
    await deploy(...Array.from({ length: 12 }, (_, i) => `d${i}.com`));
    await until(() => expect(record('d0.com')?.failures).toBe(1));
    await idle();
    expect(ca.count('GET /directory')).toBeLessThanOrEqual(4);
    expect(record('d0.com')?.error).toMatch(/the directory: the CA answers 503 -> /);
    ca.fault = () => undefined;
    await jump(5 * MINUTE);
    for (let i = 0; i < 12; i++) await issued(`d${i}.com`);
    expect(ca.orders.length).toBe(12);
  });

  it('that has forgotten the account gets to know it again', async () => {
    await deploy('a.com');
    await issued('a.com');
    ca.accounts.clear();
    await deploy('b.com');
    await failed('b.com', 1);
    expect(record('b.com')?.error).toContain('there is no such account');
    await jump(11 * MINUTE);
    await issued('b.com');
  });

  it('that has forgotten the account and does not say so gets to know it again after some attempts', async () => {
    await deploy('a.com');
    await issued('a.com');
    ca.accounts.clear();
    ca.fault = (what) => (what === 'POST /order' && ca.accounts.size === 0 ? { status: 500 } : undefined);
    await deploy('b.com');
    for (const failures of [1, 2]) {
      await failed('b.com', failures);
      await jump(DAY / 24);
    }
    await issued('b.com');
    expect(ca.accounts.size).toBe(1);
  });

  it('is left for another one at once', async () => {
    answers = () => false;
    await deploy('a.com');
    await failed('a.com', 1);
    answers = () => true;
    await set({ acmeContact: 'ops@example.com' });
    await issued('a.com');
    expect(store.view((tx) => tx.get('acmeAccounts', ca.directory)?.contact)).toBe('ops@example.com');
  });
});
