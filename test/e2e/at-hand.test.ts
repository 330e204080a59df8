import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { holding, logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const NETWORK = 'at-hand-net';
const USER = 'at-hand-ada';
const BALANCER = 'at-hand-crm';

let lab: Lab;
let open: OpenPage;
const folder = mkdtempSync(join(tmpdir(), 'berth-at-hand-'));

const clean = async () => {
  for (const words of [`user rm ${USER} --yes`, `lb rm ${BALANCER} --yes`, 'stack rm new --yes'])
    await lab.berth(words.split(' ')).catch(() => undefined);
  await lab.docker(['network', 'rm', NETWORK]).catch(() => undefined);
};

beforeAll(async () => {
  lab = await sharedLab();
  await clean();
  await lab.docker(['network', 'create', NETWORK]);
  await lab.berth(['user', 'create', USER, '--role', 'viewer']);
  await lab.berth(['lb', 'create', BALANCER]);
  await lab.berth(['lb', 'listen', BALANCER, 'at-hand.example.com']);
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await clean();
  rmSync(folder, { recursive: true, force: true });
});

const field = (): Locator => open.page.getByRole('dialog').getByRole('combobox');
const inPalette = async (text: string) => {
  await open.page.keyboard.press('Control+k');
  await field().fill(text);
};
const option = (name: string | RegExp): Locator => open.page.getByRole('option', { name });

describe('the palette', () => {
  it('takes keys that are pressed right behind Ctrl-K, also from within a text', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/containers`);
    await page.getByRole('navigation').getByText('Live').waitFor();
    for (const text of ['volumes', 'images']) {
      const filter = page.getByRole('main').getByRole('textbox').first();
      await filter.fill('kept');
      await page.keyboard.press('Control+k');
      await page.keyboard.type(text);
      await expect.poll(() => field().inputValue()).toBe(text);
      await page.keyboard.press('Escape');
      await field().waitFor({ state: 'detached' });
      expect(await filter.inputValue()).toBe('kept');
    }
  });

  it('takes them while what it finds is not there yet, or not to be had', async () => {
    const { page } = open;
    const files = /\/palette-list-[^/]*\.js$/;
    let asked = 0;
    const { held, letGo } = holding();
    await page.route(files, async (route) => {
      asked += 1;
      if (asked === 1) return route.abort();
      await held;
      return route.continue();
    });
    try {
      await page.goto(`${lab.addresses.api}/containers`);
      await page.getByRole('navigation').getByText('Live').waitFor();
      await page.keyboard.press('Control+k');
      await page.keyboard.type('volumess');
      await page.keyboard.press('Backspace');
      // Nothing is chosen yet: it opens nothing.
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByText('Reading…').waitFor();
      await expect.poll(() => asked).toBeGreaterThan(1);
      expect(await seriousFindings(open)).toEqual([]);
      letGo();
      await option('Volumes').first().waitFor();
      expect(await field().inputValue()).toBe('volumes');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${lab.addresses.api}/volumes`);
    } finally {
      letGo();
      await page.unroute(files);
      open.complaints.length = 0; // of the fetch that was cut
    }
  });

  it('finds routes, balancers, users, images and networks, and opens them', async () => {
    const { page } = open;
    for (const [text, found, place] of [
      ['at-hand.example.com', /^at-hand\.example\.com/, '/router/route/at-hand.example.com'],
      [BALANCER, new RegExp(`^${BALANCER}`), `/router/balancer/${BALANCER}`],
      [USER, new RegExp(`^${USER}`), '/users?tab=users'],
      ['busybox:latest', /^busybox:latest/, '/images?q=busybox%3Alatest'],
      [NETWORK, new RegExp(`^${NETWORK}`), `/networks/${NETWORK}`],
    ] as const) {
      await inPalette(text);
      await option(found).first().waitFor();
      await option(found).first().click();
      await page.waitForURL(`${lab.addresses.api}${place}`);
    }
    await page.getByRole('heading', { name: NETWORK }).waitFor();
    await inPalette('at-hand');
    await option(new RegExp(`^${NETWORK}`)).waitFor();
    expect(await seriousFindings(open)).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('removes what it finds, once its name is typed', async () => {
    const { page } = open;
    await inPalette(`remove ${NETWORK}`);
    await option(new RegExp(`Remove ${NETWORK}`)).waitFor();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: new RegExp(NETWORK) });
    await dialog.getByRole('textbox').fill(NETWORK);
    expect(await seriousFindings(open)).toEqual([]);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await expect
      .poll(() => lab.docker(['network', 'ls', '-q', '--filter', `name=^${NETWORK}$`]), { timeout: 30_000 })
      .toBe('');
    await inPalette(`remove ${USER}`);
    await option(new RegExp(`${USER}$`))
      .first()
      .waitFor();
    await page.keyboard.press('Escape');
  });
});

describe('a page that is slow to come', () => {
  it('is said to be on its way, over the page before', async () => {
    const { page } = open;
    const files = /\/volumes-[^/]*\.js$/;
    const { held, letGo } = holding();
    await page.goto(`${lab.addresses.api}/hosts`);
    await page.getByRole('row').filter({ hasText: 'h1' }).waitFor();
    await page.route(files, async (route) => {
      await held;
      await route.continue();
    });
    try {
      await page.getByRole('navigation').getByRole('link', { name: 'Volumes' }).click();
      const going = page.getByRole('progressbar', { name: 'Reading…' });
      await going.waitFor();
      await page.getByRole('heading', { name: 'Hosts', level: 1 }).waitFor();
      expect(await seriousFindings(open)).toEqual([]);
      letGo();
      await page.getByRole('heading', { name: 'Volumes', level: 1 }).waitFor();
      await going.waitFor({ state: 'detached' });
    } finally {
      letGo();
      await page.unroute(files);
    }
  });
});

describe('a message of what went wrong', () => {
  it('stays, leaves room for what it lies over, and goes by Escape', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/images`);
    const toast = page.locator('.toast.tone-bad');
    // An image that a container has is not removed.
    await lab.docker(['run', '-d', '--name', 'at-hand', 'busybox', 'sleep', '1000']);
    try {
      await page.getByRole('button', { name: 'Remove busybox:latest' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox').fill('busybox:latest');
      await page.keyboard.press('Enter');
      await toast.waitFor();
      const room = () =>
        page.evaluate<number>(
          "parseFloat(getComputedStyle(document.querySelector('.content')).paddingBottom)",
        );
      await expect.poll(room).toBeGreaterThan((await toast.boundingBox())?.height ?? 1_000);
      expect(await seriousFindings(open)).toEqual([]);
      // A dialog has the key for itself.
      await page.keyboard.press('Control+k');
      await field().waitFor();
      await page.keyboard.press('Escape');
      await field().waitFor({ state: 'detached' });
      expect(await toast.count()).toBe(1);
      await page.keyboard.press('Escape');
      await toast.waitFor({ state: 'detached' });
      await expect.poll(room).toBeLessThan(60);
    } finally {
      await lab.docker(['rm', '-f', 'at-hand']);
    }
  });
});

describe('a stack that is called new', () => {
  it('is opened, and is not the page that makes one', async () => {
    const { page } = open;
    const file = join(folder, 'compose.yaml');
    writeFileSync(
      file,
      'services: {web: {image: "busybox:latest", command: sleep 1000, stop_grace_period: 1s}}\n',
    );
    await lab.berth(['deploy', '-f', file, '--name', 'new', '--timeout', '90']);
    await page.goto(`${lab.addresses.api}/stacks`);
    await page.getByRole('link', { name: 'new', exact: true }).click();
    await page.waitForURL(`${lab.addresses.api}/stacks/new`);
    await page.getByRole('heading', { name: 'new', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('row').filter({ hasText: 'web' }).getByText('ready', { exact: true }).waitFor();
    await inPalette('new stack');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${lab.addresses.api}/stacks/+new`);
    await page.locator('.template').first().waitFor();
    await page.reload();
    await page.locator('.template').first().waitFor();
    expect(open.complaints.filter((text) => !/40[49]|500/.test(text))).toEqual([]);
  });
});
