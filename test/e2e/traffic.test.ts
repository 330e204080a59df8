import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConstantLoad } from '../lab/constant-load.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { SHOP } from '../lab/shop.ts';
import { ShopLab, until } from '../lab/shop-lab.ts';

const BLUE_GREEN = 'berth.release: blue-green';

/** A lab of its own, as one of its hosts takes requests. The tests follow each other. */
let shop: ShopLab;
let open: OpenPage;
let load: ConstantLoad;

beforeAll(async () => {
  shop = await ShopLab.start();
  await shop.deploy('one', 'shop', { labels: [BLUE_GREEN] });
  load = shop.load();
  open = await openChromium();
  await logIn(open.page, shop.lab.addresses.api, shop.lab.adminPassword ?? '');
});
afterAll(async () => {
  await load?.end();
  await open?.close();
  await shop?.down();
});

const go = (path: string) => open.page.goto(`${shop.lab.addresses.api}${path}`);
const chart = (name: string): Locator => open.page.getByRole('slider', { name, exact: true });
/** What a chart says at its newest point. */
const says = (name: string, pattern: RegExp) =>
  until(() => chart(name).getAttribute('aria-valuetext'), 60_000).toMatch(pattern);
const marks = (): Locator => open.page.getByRole('list', { name: 'Marks' });
const button = (name: string): Locator => open.page.getByRole('button', { name, exact: true });

describe('a route’s page', () => {
  it('draws what goes through it, and the releases of its service', async () => {
    await go(`/router/route/${SHOP}`);
    await says('Requests per second', /all [1-9][\d.]*, with an error 0/);
    await says('Share of errors', /Share of errors 0%/);
    await says('Time until responses begin', /half within [\d.]+ ms, 95 % within [\d.]+ ms/);
    await marks().getByText('release 1 of shop/web').waitFor();
    await open.page.locator('.chart canvas').nth(2).waitFor();
    expect(await seriousFindings(open)).toEqual([]);
    // The page of scaling that was open may have asked for rules that were gone by then.
    expect(open.complaints.filter((text) => !/status of 404/.test(text))).toEqual([]);
  });
});

describe('a release of which two versions serve', () => {
  it('has charts of how both answer, with the shares that were given as marks', async () => {
    const { page } = open;
    await shop.deploy('two', 'shop', { labels: [BLUE_GREEN], broken: true }, ['--detach']);
    await until(async () => (await shop.status()).release.state, 90_000).toBe('waiting');
    await shop.lab.berth(['release', 'weight', 'shop/web', '50']);
    await go('/stacks/shop/services/web');
    await says('Requests per second', /release 2 [1-9][\d.]*, release 1 [1-9]/);
    await says('Share of errors', /release 2 100%, release 1 0%/);
    await says('95 % of responses begin within', /release 2 [\d.]+ ms, release 1 [\d.]+ ms/);
    await marks().getByText('50 % of the requests to release 2 of shop/web').waitFor();
    expect(await seriousFindings(open)).toEqual([]);
    await button('Confirm release').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm release' }).click();
    await until(async () => (await shop.status()).release.state, 90_000).toBe('done');
    // Afterwards it is there to be read, beside the history.
    await go('/stacks/shop/services/web/releases');
    await marks().getByText('release 2 of shop/web confirmed').waitFor();
    await says('Requests per second', /release 2 [1-9]/);
    expect(await seriousFindings(open)).toEqual([]);
  });
});

describe('rules of a service that scales by itself', () => {
  it('are drawn: what each looks at, its limits, and the number', async () => {
    await shop.lab.berth([
      ...['autoscale', 'set', 'shop/web', '--min', '3', '--max', '4', '--requests', '5..10'],
      ...['--period', '10s', '--up-after', '5s'],
    ]);
    await go('/stacks/shop/services/web/autoscaling');
    await says('Requests per second', /average 1\d(\.\d+)?, More over 10, Fewer under 5/);
    await says('Containers it is to have', /number 4, Fewest containers 3, Most containers 4/);
    await marks().getByText('shop/web from 3 to 4 by autoscaler').waitFor();
    expect(await seriousFindings(open)).toEqual([]);
    // A page that is open asks once more for rules that are gone by then.
    await go('/stacks');
    await shop.lab.berth(['autoscale', 'rm', 'shop/web']);
  });
});

describe('another number of containers', () => {
  it('is drawn on the map before it is done, and done from there', async () => {
    const { page } = open;
    await shop.lab.berth(['service', 'scale', 'shop/web', '3', '--timeout', '90']);
    // The one that goes has its time for requests under way.
    await until(async () => (await shop.members()).length, 60_000).toBe(3);
    await go('/stacks/shop/services/web');
    await page.getByRole('textbox', { name: 'Containers of shop/web' }).fill('5');
    await page.getByRole('link', { name: 'Show where on the map' }).click();
    const plan = page.getByRole('region', { name: 'If shop/web had 5 containers' });
    await plan.getByText('2 containers would come').waitFor();
    expect(await plan.getByRole('listitem').allInnerTexts()).toEqual([
      expect.stringMatching(/^shop_web_\d+ h\d$/),
      expect.stringMatching(/^shop_web_\d+ h\d$/),
    ]);
    expect(await seriousFindings(open)).toEqual([]);
    expect(await shop.members()).toHaveLength(3);
    await plan.getByRole('button', { name: 'Scale to 5' }).click();
    await until(async () => (await shop.members()).length, 60_000).toBe(5);
    await plan.getByText('Nothing would come or go').waitFor();
    // The page of scaling that was open may have asked for rules that were gone by then.
    expect(open.complaints.filter((text) => !/status of 404/.test(text))).toEqual([]);
  });
});

describe('berth top', () => {
  it('tells what uses most now, of containers, of a service and of hosts', async () => {
    type Top = { containers: { name: string; cpu: number }[]; hosts: { name: string; memory: number }[] };
    const top = (...more: string[]) => shop.json<Top>('top', '--once', ...more);
    const all = (await top()).containers.map(({ cpu }) => cpu ?? -1);
    expect(all).toEqual(all.toSorted((a, b) => b - a));
    const members = (await shop.members()).map(({ name }) => name).sort();
    // A new one is measured within some seconds.
    const own = async () => (await top('shop/web')).containers.map(({ name }) => name).sort();
    await until(own, 60_000).toEqual(members);
    expect((await top('--hosts')).hosts.map(({ name }) => name).sort()).toEqual(['h1', 'h2', 'h3']);
  });
});
