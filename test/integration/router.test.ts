import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startManager, stopManager } from '../lab/cluster.ts';
import { ConstantLoad } from '../lab/constant-load.ts';
import type { Lab } from '../lab/lab.ts';
import { SHOP, SHOP_CHAT } from '../lab/shop.ts';
import { INGRESS, ShopLab, until } from '../lab/shop-lab.ts';
import { WebSocketSessions } from '../lab/web-sockets.ts';

/** A lab of its own: a host dies in it, and its manager. The tests follow each other, as one stack's life does. */
let shop: ShopLab;
let lab: Lab;

beforeAll(async () => {
  shop = await ShopLab.start();
  lab = shop.lab;
});
afterAll(() => shop?.down());

const deploy: ShopLab['deploy'] = (...args) => shop.deploy(...args);
const told = (domain: string) => shop.told(domain);
const ingress = () => shop.routers;
const load = () => shop.load();
const route = () => shop.route();

describe('the router of an ingress host', () => {
  it('leads a domain to the containers of a service on all hosts, and others to a page', async () => {
    expect(await deploy('one')).toContain('stack shop is deployed');
    await until(() => told(SHOP)).toBe('200 one');
    expect(await told('nobody.example.com')).toMatch(/^404 .*nobody\.example\.com/s);
    const found = await route();
    expect(found).toMatchObject({ name: SHOP, service: 'shop/web', port: 8000, ready: 3 });
    const servers = found?.pools.flatMap((pool) => pool.servers) ?? [];
    expect(new Set(servers.map(({ address }) => address)).size).toBe(3);
    const running = (host: string) => lab.docker(['ps', '-q', '--filter', 'name=berth-router'], host);
    expect(await running(INGRESS)).not.toBe('');
    expect(await running('h2')).toBe('');
  });

  it('leads to several containers of a service on one host, each by a port of its own', async () => {
    const servers = async () =>
      (await route())?.pools.flatMap((pool) => pool.servers.map(({ address, port }) => `${address} ${port}`));
    await lab.berth(['service', 'scale', 'shop/web', '7', '--timeout', '90']);
    await until(async () => new Set(await servers()).size).toBe(7);
    const under = load();
    await lab.berth(['service', 'scale', 'shop/web', '3', '--timeout', '90']);
    await until(async () => (await servers())?.length).toBe(3);
    expect((await under.end()).failed).toEqual([]);
  });

  it('leads to what is no service by a balancer: containers wherever they run, addresses, ports', async () => {
    const page = (name: string) => ['sh', '-c', `echo ${name} > /index.html && exec httpd -f -p 80 -h /`];
    const run = (name: string, ...more: string[]) =>
      lab.docker(['run', '-d', '--name', name, ...more, 'busybox', ...page(name)]);
    await run('crm1', '-p', '80', '-e', 'constraint:node==h2');
    // On a machine that the balancer knows nothing of but its address.
    await lab.docker(['run', '-d', '-p', '8099:80', 'busybox', ...page('outside')], 'h3');
    const answers = async (count = 12) => {
      const said = new Set<string>();
      for (let i = 0; i < count; i++) said.add(await told('crm.example.com'));
      return [...said].sort();
    };
    const outside = `${lab.host('h3').address}:8099`;
    await lab.berth(['lb', 'create', 'crm']);
    await lab.berth(['lb', 'attach', 'crm', 'crm1:80', outside]);
    await lab.berth(['lb', 'listen', 'crm', 'crm.example.com', ':9900']);
    await until(answers).toEqual(['200 crm1', '200 outside']);
    const byPort = async () => (await fetch(`http://${lab.host(INGRESS).address}:9900/`)).text();
    await until(byPort).toMatch(/^(crm1|outside)\n$/);
    await lab.berth(['lb', 'weight', 'crm', outside, '0']);
    // Each has its turn, and a hundred and fifty turns are more than the smallest share needs for one.
    await until(() => answers(150)).toEqual(['200 crm1']);
    await lab.berth(['lb', 'weight', 'crm', outside, '100']);
    await lab.docker(['rm', '-f', 'crm1']);
    await until(answers).toEqual(['200 outside']);
    await lab.berth(['lb', 'rm', 'crm', '--yes']);
    await until(() => told('crm.example.com')).toMatch(/^404 /);
    expect(await told(SHOP)).toBe('200 one');
  });

  it('is refused a domain that another service has', async () => {
    await expect(deploy('one', 'other')).rejects.toThrow('shop.example.com is taken by service shop/web');
  });

  it('fails no request and cuts no WebSocket while releases go out and are taken back', async () => {
    const under = load();
    const chats = new WebSocketSessions({
      ...{ routers: ingress(), domain: SHOP_CHAT, sessions: 3, lastsMs: 1_000 },
    });
    await deploy('two');
    expect(await told(SHOP)).toBe('200 two');
    await lab.berth(['release', 'rollback', 'shop/web', '--timeout', '90']);
    expect(await told(SHOP)).toBe('200 one');
    await deploy('two');
    const [requests, sessions] = await Promise.all([under.end(), chats.end()]);
    expect(requests.failed).toEqual([]);
    expect(requests.count).toBeGreaterThan(50);
    expect(sessions.failed).toEqual([]);
    expect(sessions.messages).toBeGreaterThan(10);
    expect(await told(SHOP)).toBe('200 two');
  });

  it('shares requests between two versions as it is told, manager or no manager, and fails none of them', async () => {
    const answers: string[] = [];
    const under = new ConstantLoad({
      ...{ routers: ingress(), domain: SHOP, perSecond: 50, expect: /^(two|three)$/ },
      onAnswer: (text) => answers.push(text),
    });
    /** Per cent of the next hundred answers. */
    const shareOf = async (version: string) => {
      answers.length = 0;
      await until(async () => answers.length >= 100).toBe(true);
      return answers.slice(0, 100).filter((text) => text === version).length;
    };
    const weights = async () =>
      (await route())?.pools.map(({ release, weight }) => [release, weight] as const).sort() ?? [];
    await deploy('three', 'shop', { labels: ['berth.release: blue-green'] });
    expect(await shareOf('three')).toBe(0);
    const [[old = 0] = [], [fresh = 0] = []] = await weights();
    await lab.berth(['release', 'weight', 'shop/web', '30']);
    await until(weights).toEqual([
      [old, 70],
      [fresh, 30],
    ]);
    await until(() => shareOf('three')).toSatisfy((share: number) => share > 15 && share < 45);
    await stopManager(lab.plan, { kill: true });
    expect(await shareOf('three')).toBeGreaterThan(15);
    await startManager(lab.plan);
    await lab.waitReady();
    await until(weights).toEqual([
      [old, 70],
      [fresh, 30],
    ]);
    const status = JSON.parse(await lab.berth(['release', 'status', 'shop/web', '--json']));
    expect(status).toMatchObject({
      kind: 'blue-green',
      release: { state: 'waiting', shift: { weight: 30 } },
    });
    await lab.berth(['release', 'weight', 'shop/web', '100']);
    await until(() => shareOf('three')).toBe(100);
    await lab.berth(['release', 'confirm', 'shop/web', '--timeout', '90']);
    await until(weights).toEqual([[fresh, 3]]);
    await lab.berth(['release', 'rollback', 'shop/web', '--to', String(old), '--timeout', '90']);
    await until(() => shareOf('two')).toBe(100);
    const { failed, count } = await under.end();
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(300);
  });

  it('stops a version that answers worse by itself, and the old one serves', async () => {
    const options = {
      broken: true,
      labels: ['berth.release: canary', 'berth.release.steps: "40:1m"', 'berth.release.min_requests: "30"'],
    };
    const under = new ConstantLoad({ routers: ingress(), domain: SHOP, perSecond: 50 });
    await expect(deploy('broken', 'shop', options)).rejects.toThrow(
      /is paused: \d+(\.\d)? % of its \d+ requests ended in errors, 0 % of those before it/,
    );
    await until(() => told(SHOP)).toBe('200 two');
    const { failed, count } = await under.end();
    expect(failed.length).toBeGreaterThan(10);
    expect(failed.length).toBeLessThan(count / 2);
    const after = load();
    await lab.berth(['release', 'rollback', 'shop/web', '--timeout', '90']);
    expect((await after.end()).failed).toEqual([]);
    expect((await route())?.ready).toBe(3);
  });

  it('serves while there is no manager, and after its HAProxy was killed, and removed', async () => {
    await stopManager(lab.plan, { kill: true });
    expect(await told(SHOP)).toBe('200 two');
    for (const end of [['kill'], ['rm', '-f']]) {
      await lab.docker([...end, 'berth-router'], INGRESS);
      await until(() => told(SHOP)).toBe('200 two');
    }
    const under = load();
    await startManager(lab.plan);
    await lab.waitReady();
    await until(async () => (await route())?.ready).toBe(3);
    expect((await under.end()).failed).toEqual([]);
  });

  it('leads nowhere near a host that has died, and fails next to nothing meanwhile', async () => {
    const dead = lab.hosts.find(({ name }) => name === 'h3')?.address ?? '';
    await until(() => shop.servers()).toContain(dead);
    const under = load();
    await lab.kill('h3');
    await until(() => shop.servers()).not.toContain(dead);
    await until(async () => (await route())?.ready).toBe(3);
    // Those that the host had, and had not answered.
    expect((await under.end()).failed.length).toBeLessThanOrEqual(10);
    const after = load();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await after.end()).failed).toEqual([]);
  });
});
