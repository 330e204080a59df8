import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const FILE = `
services:
  web:
    image: busybox
    command: ["sleep", "100000"]
    deploy: {replicas: 2}
  big:
    image: busybox
    command: ["sleep", "100000"]
    deploy: {resources: {reservations: {memory: 900G}}}
  bad:
    image: busybox
    command: ["sh", "-c", "exit 3"]
    depends_on: [web]
`;
const HELD = 'said-held';
const SLEEP = ['busybox', 'sleep', '100000'];
/** Words of English; names and figures are none. */
const ENGLISH = /[a-z]{2,} [a-z]{2,}/;

const folder = mkdtempSync(join(tmpdir(), 'berth-said-'));
let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await sharedLab();
  const file = join(folder, 'compose.yml');
  writeFileSync(file, FILE);
  await lab.berth(['deploy', '-f', file, '--name', 'said', '--detach']);
  await lab.berth(['autoscale', 'set', 'said/web', '--min', '2', '--max', '4', '--cpu', '60']);
  open = await openChromium({ viewport: { width: 1280, height: 1000 } });
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
  await open.page.evaluate("localStorage.setItem('berth-language', 'zh')");
});
afterAll(async () => {
  await open?.close();
  await lab?.docker(['rm', '-f', HELD]).catch(() => undefined);
  await lab?.docker(['volume', 'rm', HELD]).catch(() => undefined);
  await lab?.berth(['stack', 'rm', 'said', '--yes']).catch(() => undefined);
  rmSync(folder, { recursive: true });
});

const go = async (path: string) => {
  await open.page.goto(`${lab.addresses.api}${path}`);
  return open.page.getByRole('main');
};
const shows = (main: Locator, text: string | RegExp) => main.getByText(text).first().waitFor();

describe('what the manager says, on a page in Chinese', () => {
  it('of what wants an eye', async () => {
    const main = await go('/');
    await shows(main, /服务 said\/big：没有主机/);
    await shows(main, /said\/bad/);
    const lines = await main.locator('.health li').allTextContents();
    expect(lines.filter((line) => line.includes('said/') && ENGLISH.test(line))).toEqual([]);
    expect(await seriousFindings(open)).toEqual([]);
  });

  it('of why services are as they are, and of their number', async () => {
    await shows(await go('/stacks/said/services/big'), /没有主机适合/);
    const main = await go('/stacks/said/services/web/autoscaling');
    await main.locator('.sentences li').first().waitFor();
    const sentences = await main.locator('.sentences li').allTextContents();
    expect(sentences.length).toBeGreaterThan(0);
    expect(sentences.filter((one) => ENGLISH.test(one))).toEqual([]);
    expect(open.complaints).toEqual([]);
  });

  it('of who has set a number, and why', async () => {
    await lab.berth(['service', 'scale', 'said/web', '3']);
    const main = await go('/stacks/said/services/web/autoscaling');
    await shows(main.locator('.decisions li'), '手动');
    await shows(await go('/stacks/said/history'), '手动');
    for (const path of ['/stacks/said/services/web/autoscaling', '/stacks/said/history', '/stacks/said']) {
      const page = await go(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expect.poll(() => page.textContent()).not.toContain('by hand');
    }
  });

  it('of what a drain leaves', async () => {
    const { page } = open;
    await lab.docker([
      'run',
      '-d',
      '--name',
      HELD,
      '-e',
      'constraint:node==h1',
      '-v',
      `${HELD}:/d`,
      ...SLEEP,
    ]);
    await go('/hosts/h1');
    await page.getByRole('button', { name: '腾空', exact: true }).click();
    const dialog = page.getByRole('dialog');
    const line = dialog.getByRole('listitem').filter({ hasText: HELD });
    await expect.poll(() => line.textContent()).toMatch(/没有主机适合/);
    expect(await line.textContent()).not.toMatch(ENGLISH);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(open.complaints).toEqual([]);
  });
});
