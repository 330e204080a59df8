import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CertificateView } from '../../src/contract/v1/certificates.ts';
import { ensureImage } from '../images/bake.ts';
import { CaddyCa } from '../lab/caddy.ts';
import { startManager, stopManager } from '../lab/cluster.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { SHOP, shopFile } from '../lab/shop.ts';

/** A cluster and a real ACME server (smallstep's, in Debian's Caddy) beside its manager. */
let lab: Lab;
let ca: CaddyCa;
const folder = mkdtempSync(join(tmpdir(), 'berth-acme-lab-'));
const INGRESS = ['h1', 'h2'] as const;

beforeAll(async () => {
  await ensureRequirements([['caddy', 'caddy']]);
  const ingress = { 'berth.ingress': 'true' };
  lab = await startLab({ hosts: 3, labels: { h1: ingress, h2: ingress } });
  await ensureImage('busybox', lab.endpoint);
  await ensureImage('haproxy', lab.endpoint);
  const { address, namespace } = lab.plan.manager;
  const [first, second] = INGRESS.map((name) => lab.host(name).address);
  ca = new CaddyCa({
    ...{ folder: join(folder, 'ca'), address, port: 14_000 },
    // one name at each ingress host: all of them have to answer
    hosts: {
      [SHOP]: first ?? '',
      'www.example.com': second ?? '',
      'late.example.com': second ?? '',
      'slow.example.com': first ?? '',
    },
    within: ['nsenter', `--net=/run/netns/${namespace}`, '--'],
  });
  await ca.start();
  await lab.berth([
    ...['settings', 'set', 'routerImage=haproxy:latest', 'routerTlsPort=443', 'acmeTermsAgreed=true'],
    ...[`acmeDirectory=${ca.directory}`, `acmeRoot=${ca.root}`],
  ]);
});
afterAll(async () => {
  await ca?.stop();
  await lab?.down();
  rmSync(folder, { recursive: true, force: true });
});

const until = (what: () => unknown, timeout = 120_000) => expect.poll(what, { timeout, interval: 300 });
const certificate = async (name: string) =>
  (JSON.parse(await lab.berth(['cert', 'ls', '--json'])) as CertificateView[]).find(
    (one) => one.name === name,
  );

/** What a client gets at that ingress host that believes this CA alone. */
function shown(servername: string, ingress: string) {
  return new Promise<string>((resolve) => {
    const { address: host } = lab.host(ingress);
    const socket = connectTls({ host, port: 443, servername, ca: ca.root, timeout: 8_000 }, () => {
      const { fingerprint256 = '' } = socket.getPeerCertificate();
      resolve(fingerprint256.replaceAll(':', '').toLowerCase());
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('error', (error) => resolve(error.message));
  });
}

function statusOf(domain: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: lab.host('h1').address, port: 80, agent: false, timeout: 8_000, headers: { host: domain } },
      (answer) => resolve(answer.resume().statusCode),
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end();
  });
}

it('is had for a service that says so, though it sends clients to https, and shown by all ingress hosts', async () => {
  mkdirSync(join(folder, 'shop'));
  const labels = ["berth.routing.port_8000.tls: 'acme'", "berth.routing.port_8000.redirect: 'https'"];
  writeFileSync(join(folder, 'shop', 'compose.yaml'), shopFile('one', { labels }));
  await lab.berth(['deploy', '-f', join(folder, 'shop', 'compose.yaml'), '--timeout', '90']);
  await until(async () => (await certificate(SHOP))?.shown !== undefined).toBe(true);
  const { shown: has, acme, worry } = (await certificate(SHOP)) ?? {};
  expect({ wantedBy: acme?.wantedBy, worry }).toEqual({ wantedBy: 'routes', worry: '' });
  for (const host of INGRESS) await until(() => shown(SHOP, host)).toBe(has?.fingerprint);
  await until(() => statusOf(SHOP)).toBe(308);
});

it('is had by a command, for names at two ingress hosts', async () => {
  const names = ['www.example.com', 'late.example.com'];
  const said = await lab.berth(['cert', 'issue', '--name', 'both', ...names, '--timeout', '110']);
  expect(said).toMatch(/^both: www\.example\.com, late\.example\.com, until /);
  const has = (await certificate('both'))?.shown?.fingerprint;
  for (const host of INGRESS) for (const name of names) await until(() => shown(name, host)).toBe(has);
  expect(await lab.berth(['cert', 'issue', '--name', 'both', ...names, '--timeout', '60'])).toBe(said);
  expect((await certificate('both'))?.shown?.fingerprint).toBe(has);
});

it('is gone on with by a manager that was killed while the CA did not answer', async () => {
  ca.pause();
  await lab.berth(['cert', 'issue', 'slow.example.com', '--detach']);
  await stopManager(lab.plan, { kill: true });
  ca.goOn();
  await startManager(lab.plan);
  await lab.waitReady();
  const known = async () => {
    const found = await certificate('slow.example.com');
    return found?.shown === undefined ? found : 'shown';
  };
  await until(known).toBe('shown');
  const has = (await certificate('slow.example.com'))?.shown?.fingerprint;
  await until(() => shown('slow.example.com', 'h1')).toBe(has);
});

it('is refused in one line that says what to do, and warned of', async () => {
  const issue = lab.berth(['cert', 'issue', 'nowhere.example.com', '--timeout', '110']);
  await expect(issue).rejects.toThrow(/nowhere\.example\.com.*let the domain lead to the ingress hosts/);
  const warnings = async () => JSON.parse(await lab.berth(['status', '--json'])).warnings.join('; ');
  await until(warnings).toMatch(/certificate nowhere\.example\.com is not issued/);
  await lab.berth(['cert', 'rm', 'nowhere.example.com', '--yes']);
  await until(warnings).not.toMatch(/nowhere/);
});
