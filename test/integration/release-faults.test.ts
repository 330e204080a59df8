import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScaledView } from '../../src/contract/v1/autoscale.ts';
import type { ConstantLoad, LoadReport } from '../lab/constant-load.ts';
import type { Lab } from '../lab/lab.ts';
import { ShopLab, until } from '../lab/shop-lab.ts';

/**
 * A lab of its own: hosts die in it while releases go out. The tests follow each other, as one stack's life does; h1 takes
 * the requests, and lives.
 */
let shop: ShopLab;
let lab: Lab;

beforeAll(async () => {
  // Two of three hosts are away at the end.
  shop = await ShopLab.start(['failoverMaxShare=1']);
  lab = shop.lab;
});
afterAll(() => shop?.down());

const begin = (version: string, labels: readonly string[] = [], more = '') =>
  shop.deploy(version, 'shop', { labels, more }, ['--detach']);
/** Containers of the version that is going out and that are ready. */
const current = async () => (await shop.service())?.current ?? 0;
const state = async () => (await shop.service())?.release.state;
const hosts = async () => (await shop.members()).map(({ hostName }) => hostName);
const addressOf = (name: string) => lab.host(name).address;

/** Kills the host, and waits until no request goes there any more. @returns between which times it was in the way */
async function kill(name: string): Promise<readonly [from: number, to: number]> {
  const from = Date.now();
  await lab.kill(name);
  await until(() => shop.servers()).not.toContain(addressOf(name));
  return [from, Date.now()];
}

/** Nothing has failed but what the dead host had, or was sent before it was known to be dead. */
function expectOnlyLost({ failed, count }: LoadReport, [from, to]: readonly [number, number]): void {
  // Each counts from when it was due; what was under way when the host died was due a little before.
  const others = failed.filter(({ at }) => at < from - 2_000 || at > to);
  expect(others).toEqual([]);
  expect(failed.length, failed[0]?.said).toBeLessThanOrEqual(10);
  expect(count).toBeGreaterThan(100);
}
const expectNone = async (load: ConstantLoad) => expect((await load.end()).failed).toEqual([]);

describe('a service with a domain', () => {
  it('follows the requests that its routers count, up to its most and back to its least', async () => {
    expect(await shop.deploy('one')).toContain('stack shop is deployed');
    await until(() => shop.told('shop.example.com')).toBe('200 one');
    const limits = ['--min', '3', '--max', '4', '--requests', '4..12'];
    const times = ['--period', '4s', '--up-after', '2s', '--down-after', '3s'];
    const load = shop.load();
    await lab.berth(['autoscale', 'set', 'shop/web', ...limits, ...times]);
    const ready = async () => (await shop.service())?.ready;
    await until(ready, 60_000).toBe(4);
    const explained = await shop.json<ScaledView & { sentences: string[] }>(
      ...['autoscale', 'explain', 'shop/web'],
    );
    expect(explained.sentences.join(' ')).toMatch(/requests: \d+(\.\d+)?\/s on average/);
    await expectNone(load);
    await until(ready, 60_000).toBe(3);
    const changes = await shop.json<{ from: number; to: number }[]>('autoscale', 'history', 'shop/web');
    expect(changes.map(({ from, to }) => [from, to])).toEqual([
      [4, 3],
      [3, 4],
    ]);
    await lab.berth(['autoscale', 'set', 'shop/web', '--off']);
  });
});

describe('a container that is not ready', () => {
  it('gets no request, is started again by nobody, and is back once it is ready', async () => {
    const starts = async () =>
      (await shop.members()).map(({ name, startedAt }) => `${name} ${startedAt}`).sort();
    const before = await starts();
    const ready = async () => (await shop.route())?.ready;
    await until(ready).toBe(3);
    await lab.docker(['exec', 'shop_web_2', 'rm', '/www/ok']);
    await until(ready, 60_000).toBe(2);
    await lab.docker(['exec', 'shop_web_2', 'sh', '-c', 'echo two > /www/index.html']);
    // As long as it is out, nobody hears what it says now.
    const load = shop.load({ expect: /^one$/ });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await expectNone(load);
    await lab.docker(['exec', 'shop_web_2', 'sh', '-c', 'echo one > /www/index.html; echo ok > /www/ok']);
    await until(ready, 60_000).toBe(3);
    expect(await starts()).toEqual(before);
  });
});

describe('a release that is never ready', () => {
  it('leaves the old version serving where all is replaced at once, and with what was deployed beside it', async () => {
    const labels = ['berth.release: recreate'];
    await shop.deploy('one', 'shop', { labels });
    expect(await shop.deploy('one', 'shop', { labels, replicas: 4 })).not.toContain('releasing');
    await until(async () => (await shop.service())?.ready).toBe(4);
    await shop.deploy('two', 'shop', { labels, replicas: 4, deaf: true }, ['--detach']);
    await until(state, 90_000).toBe('paused');
    expect((await shop.service())?.release.reason).toMatch(/^container \d is unhealthy: /);
    await until(async () => (await shop.service())?.ready, 90_000).toBe(4);
    await until(() => shop.told('shop.example.com')).toBe('200 one');
    expect(await state()).toBe('paused');
    const load = shop.load({ expect: /^one$/ });
    await lab.berth(['release', 'rollback', 'shop/web', '--timeout', '90']);
    await expectNone(load);
    expect(await shop.service()).toMatchObject({ wanted: 4, ready: 4 });
    await shop.deploy('one');
  });
});

describe('a rolling release', () => {
  it('ends where a host dies in the middle of it, and loses what that host had alone', async () => {
    await until(hosts).toContain('h3');
    const load = shop.load();
    await begin('two');
    await until(current).toBeGreaterThan(0);
    const away = await kill('h3');
    await until(state, 90_000).toBe('done');
    await until(async () => (await shop.service())?.ready).toBe(3);
    expect(await hosts()).not.toContain('h3');
    expectOnlyLost(await load.end(), away);
    await until(() => shop.told('shop.example.com')).toBe('200 two');
  });

  it('goes on while a host is drained, and fails nothing', async () => {
    await until(hosts).toContain('h2');
    const load = shop.load();
    await begin('three');
    await until(current).toBeGreaterThan(0);
    await lab.berth(['node', 'drain', 'h2', '--yes']);
    await until(state, 90_000).toBe('done');
    await until(hosts).toEqual(['h1', 'h1', 'h1']);
    await until(async () => (await shop.service())?.ready).toBe(3);
    await expectNone(load);
    await until(() => shop.told('shop.example.com')).toBe('200 three');
    await lab.berth(['node', 'uncordon', 'h2']);
  });
});

describe('a release in which both versions serve', () => {
  const weight = (percent: number) => lab.berth(['release', 'weight', 'shop/web', String(percent)]);
  const versions = async () =>
    (await shop.status()).versions.map(({ ready, weight: share }) => ({ ready, share }));

  it('leaves the old version serving where there is no room for the new one, and says why in one line', async () => {
    const load = shop.load({ expect: /^three$/ });
    await begin(
      'one',
      ['berth.release: blue-green'],
      'placement: { constraints: [node.labels.room == yes] }',
    );
    await until(async () => (await shop.service())?.waiting).toMatch(
      /^no host fits shop_web_4: [^\n]*room==yes not met/,
    );
    await expect(weight(50)).rejects.toThrow('has no container that is ready yet');
    expect(await shop.status()).toMatchObject({ kind: 'blue-green', release: { state: 'releasing' } });
    await lab.berth(['release', 'rollback', 'shop/web', '--timeout', '90']);
    await expectNone(load);
    expect((await shop.service())?.ready).toBe(3);
  });

  it('keeps both, and their shares, where a host dies that has some of them', async () => {
    await lab.start('h3');
    await begin('one', ['berth.release: blue-green']);
    await until(state, 90_000).toBe('waiting');
    await weight(30);
    await until(hosts).toContain('h3');
    const load = shop.load();
    const away = await kill('h3');
    await until(hosts, 90_000).not.toContain('h3');
    await until(versions, 90_000).toEqual([
      { ready: 3, share: 30 },
      { ready: 3, share: 70 },
    ]);
    await lab.berth(['release', 'confirm', 'shop/web', '--timeout', '90']);
    expectOnlyLost(await load.end(), away);
    await until(() => shop.told('shop.example.com')).toBe('200 one');
  });

  it('keeps the old version of a canary whose only container is lost, and makes that anew', async () => {
    // The old version's are where nothing dies.
    await lab.berth(['node', 'drain', 'h2', '--yes']);
    await lab.berth(['node', 'uncordon', 'h2']);
    // Nobody judges it by what its dead host has lost; on another host than that of the requests, as long as there is one.
    const labels = ['steps: "30:1h"', 'min_requests: "1000000"'].map((label) => `berth.release.${label}`);
    const elsewhere = `com.docker.swarm.constraints: '["node!=~h1"]'`;
    await begin('two', ['berth.release: canary', ...labels, elsewhere]);
    const both = [
      { ready: 1, share: 30 },
      { ready: 3, share: 70 },
    ];
    await until(versions, 90_000).toEqual(both);
    const made = (await shop.status()).release.number;
    expect((await shop.members()).find(({ release }) => release === made)?.hostName).toBe('h2');
    const load = shop.load();
    const away = await kill('h2');
    // Routers leave a silent host before its containers are made anew elsewhere.
    await until(hosts, 90_000).not.toContain('h2');
    await until(versions, 90_000).toEqual(both);
    expect(new Set(await hosts())).toEqual(new Set(['h1']));
    expectOnlyLost(await load.end(), away);
    await lab.berth(['release', 'rollback', 'shop/web', '--timeout', '90']);
    await until(() => shop.told('shop.example.com')).toBe('200 one');
  });
});
