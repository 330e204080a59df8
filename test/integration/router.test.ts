import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteView } from '../../src/contract/v1/route-list.ts';
import { ensureImage } from '../images/bake.ts';
import { startManager, stopManager } from '../lab/cluster.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/** A lab of its own: a host dies in it, and its manager. The tests follow each other, as one stack's life does. */
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-router-lab-'));
const INGRESS = 'h1';

beforeAll(async () => {
  lab = await startLab({ hosts: 3, labels: { [INGRESS]: { 'berth.ingress': 'true' } } });
  await ensureImage('busybox', lab.endpoint);
  await ensureImage('haproxy', lab.endpoint);
  await lab.berth(['settings', 'set', 'routerImage=haproxy:latest', 'drainMs=3000']);
  await lab.berth(['settings', 'set', 'suspectAfterMs=1500', 'downAfterMs=3000']);
}, 90_000);
afterAll(async () => {
  await lab?.down();
  rmSync(folder, { recursive: true, force: true });
});

/** Says its version; until it listens it is not ready. */
const compose = (version: string) => `
services:
  web:
    image: busybox
    command: [sh, -c, 'mkdir -p /www; echo ${version} > /www/index.html; exec httpd -f -p 8000 -h /www']
    stop_grace_period: 500ms
    labels:
      berth.routing.port_8000: shop.example.com
      berth.routing.session_sticky: 'false'
      berth.probe.url: http://container:8000/
      berth.probe.interval_seconds: '1'
    deploy:
      replicas: 3
      update_config: { parallelism: 1, monitor: 300ms, failure_action: pause }
`;
const deploy = (version: string, name = 'shop') => {
  mkdirSync(join(folder, name), { recursive: true });
  const file = join(folder, name, 'compose.yaml');
  writeFileSync(file, compose(version));
  return lab.berth(['deploy', '-f', file, '--timeout', '90']);
};

type Answer = Readonly<{ status: number; text: string }>;

/** One request to the ingress host, on a connection of its own. */
function ask(domain: string): Promise<Answer> {
  const host = lab.hosts.find(({ name }) => name === INGRESS)?.address ?? '';
  return new Promise((resolve, reject) => {
    const sent = request(
      { host, port: 80, agent: false, timeout: 8_000, headers: { host: domain } },
      (answer) => {
        let text = '';
        answer.on('data', (bytes) => {
          text += bytes;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: text.trim() }));
        answer.on('error', reject);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end();
  });
}
const told = (domain: string) => ask(domain).then(({ status, text }) => `${status} ${text}`, String);

/** Requests at a constant rate, until it is ended: how many, and what was said instead of a page, and when. */
function load(perSecond: number) {
  let count = 0;
  const failed: { at: number; said: string }[] = [];
  const running = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    count++;
    const at = Date.now();
    const one = told('shop.example.com').then((said) => {
      running.delete(one);
      if (!/^200 /.test(said)) failed.push({ at, said });
    });
    running.add(one);
  }, 1000 / perSecond);
  return async () => {
    clearInterval(timer);
    await Promise.all(running);
    return { count, failed };
  };
}

const routes = async () => JSON.parse(await lab.berth(['route', 'ls', '--json'])) as RouteView[];
const until = (what: () => Promise<unknown>, timeout = 30_000) =>
  expect.poll(what, { timeout, interval: 200 });

describe('the router of an ingress host', () => {
  it('leads a domain to the containers of a service on all hosts, and others to a page', async () => {
    expect(await deploy('one')).toContain('stack shop is deployed');
    await until(() => told('shop.example.com')).toBe('200 one');
    expect(await told('nobody.example.com')).toMatch(/^404 .*nobody\.example\.com/s);
    const [route] = await routes();
    expect(route).toMatchObject({ name: 'shop.example.com', service: 'shop/web', port: 8000, ready: 3 });
    const servers = route?.pools.flatMap((pool) => pool.servers) ?? [];
    expect(new Set(servers.map(({ address }) => address)).size).toBe(3);
    const running = (host: string) => lab.docker(['ps', '-q', '--filter', 'name=berth-router'], host);
    expect(await running(INGRESS)).not.toBe('');
    expect(await running('h2')).toBe('');
  });

  it('is refused a domain that another service has', async () => {
    await expect(deploy('one', 'other')).rejects.toThrow('shop.example.com is taken by service shop/web');
  });

  it('fails not one request while a release goes out', async () => {
    const end = load(50);
    await deploy('two');
    const { count, failed } = await end();
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(50);
    expect(await told('shop.example.com')).toBe('200 two');
  });

  it('serves while there is no manager, and after its HAProxy was killed', async () => {
    await stopManager(lab.plan, { kill: true });
    expect(await told('shop.example.com')).toBe('200 two');
    await lab.docker(['kill', 'berth-router'], INGRESS);
    await until(() => told('shop.example.com')).toBe('200 two');
    const end = load(50);
    await startManager(lab.plan);
    await lab.waitReady();
    await until(async () => (await routes())[0]?.ready).toBe(3);
    expect((await end()).failed).toEqual([]);
  });

  it('leads nowhere near a host that has died, and fails next to nothing meanwhile', async () => {
    const dead = lab.hosts.find(({ name }) => name === 'h3')?.address ?? '';
    const servers = async () => (await routes())[0]?.pools.flatMap((pool) => pool.servers) ?? [];
    expect((await servers()).map(({ address }) => address)).toContain(dead);
    const end = load(50);
    await lab.kill('h3');
    await until(async () => (await servers()).map(({ address }) => address)).not.toContain(dead);
    await until(async () => (await routes())[0]?.ready).toBe(3);
    // Those that the host had, and had not answered.
    expect((await end()).failed.length).toBeLessThanOrEqual(10);
    const after = load(50);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await after()).failed).toEqual([]);
  });
});
