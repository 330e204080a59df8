import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings, typeInDialog } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const NAME = 'page-web';

let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await sharedLab();
  await lab.docker(['rm', '-f', NAME, `${NAME}-2`]).catch(() => undefined);
  const said = 'echo hello from the container; while :; do date; sleep 1; done';
  await lab.docker(['run', '-d', '--name', NAME, '-p', '8080', 'busybox', 'sh', '-c', said]);
  open = await openChromium();
});
afterAll(async () => {
  await open?.close();
  for (const host of ['h1', 'h2', 'h3']) await lab?.berth(['node', 'uncordon', host]);
  await lab?.docker(['rm', '-f', NAME, `crash-${NAME}`]).catch(() => undefined);
});

// What a test that failed has left open is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await open.page.unrouteAll({ behavior: 'ignoreErrors' });
  await open.page.evaluate('localStorage.clear()');
  await open.page.goto(lab.addresses.api);
  await open.page.getByRole('navigation').or(open.page.locator('form')).first().waitFor();
});

const row = (name: string): Locator => open.page.getByRole('row').filter({ hasText: name });
const link = (name: string): Locator => open.page.getByRole('navigation').getByRole('link', { name });
const go = (name: string) => link(name).click();
const palette = (): Locator => open.page.getByRole('dialog').getByRole('combobox');
const inPalette = async (text: string) => {
  await open.page.keyboard.press('Control+k');
  await palette().fill(text);
};

const serious = () => seriousFindings(open);
/** What the page's own policy has kept from it: nothing is to be among that. */
const policyOf = (complaints: readonly string[]) =>
  complaints.filter((text) => /Content[- ]Security[- ]Policy/i.test(text));

describe('the dashboard', () => {
  it('lets nobody in without a password, and is kept out of by no policy of its own', async () => {
    const { page, complaints } = open;
    await page.goto(`${lab.addresses.api}/containers`);
    await page.getByLabel('User', { exact: true }).fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('not this one');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('the password is wrong').waitFor();
    expect(await serious()).toEqual([]);
    // Of the password that was wrong the browser says so, too.
    complaints.splice(0, complaints.length, ...policyOf(complaints));
    await logIn(page, `${lab.addresses.api}/`, lab.adminPassword ?? '');
    const cookies = await open.context.cookies();
    expect(cookies).toMatchObject([
      { name: '__Host-berth', httpOnly: true, secure: true, sameSite: 'Strict' },
    ]);
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('shows the cluster at a glance', async () => {
    const { page } = open;
    await page
      .getByText('All is well')
      .or(page.getByText(/want.* your eye/))
      .waitFor();
    await page.getByRole('link', { name: /Hosts ready\s*3\s*of 3/ }).waitFor();
    expect(await serious()).toEqual([]);
  });

  it('shows hosts, and what is cordoned elsewhere without being asked again', async () => {
    const { page } = open;
    await go('Hosts');
    await row('h2').getByText('ready').waitFor();
    await lab.berth(['node', 'cordon', 'h2']);
    await row('h2').getByText('cordoned').waitFor();
    expect(await serious()).toEqual([]);
    await page.getByRole('link', { name: 'h2' }).click();
    await page.getByRole('heading', { name: 'h2' }).waitFor();
    await page.getByText('Debian GNU/Linux').waitFor();
    await page.getByRole('button', { name: 'Uncordon' }).click();
    await page.getByRole('button', { name: 'Cordon', exact: true }).waitFor();
    const nodes = JSON.parse(await lab.berth(['node', 'ls', '--json'])) as {
      name: string;
      cordoned: boolean;
    }[];
    expect(nodes.find(({ name }) => name === 'h2')?.cordoned).toBe(false);
    expect(await serious()).toEqual([]);
  });

  it('makes the line that joins a host, and waits for it to come', async () => {
    const { page } = open;
    await go('Hosts');
    await page.getByRole('button', { name: 'Add a host' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Add the label rack' }).click();
    await page.keyboard.type('join-r9');
    await dialog.getByRole('button', { name: 'Add the label rack' }).waitFor({ state: 'detached' });
    expect(await serious()).toEqual([]);
    await page.getByRole('button', { name: 'Make the command' }).click();
    const made = page.getByRole('region', { name: 'Command to run on the new host' });
    await made.getByText(`--manager ${lab.addresses.manager} --token`).waitFor();
    await page.getByText('Waiting for it to join').waitFor();
    expect(await serious()).toEqual([]);
    const tokens = JSON.parse(await lab.berth(['token', 'ls', '--json'])) as {
      createdBy: string;
      id: string;
      labels?: Record<string, string>;
    }[];
    const own = tokens.find(({ labels }) => labels?.rack === 'join-r9');
    expect(own).toMatchObject({ createdBy: 'admin', labels: { rack: 'join-r9' } });
    await lab.berth(['token', 'rm', String(own?.id), '--yes']);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('asks before a host is drained, and shows what would move', async () => {
    const { page } = open;
    await go('Hosts');
    await page.getByRole('link', { name: 'h2' }).click();
    // The second click is beside the question, and does not close it.
    await page.getByRole('button', { name: 'Drain' }).dblclick({ delay: 20 });
    const dialog = page.getByRole('dialog');
    await dialog
      .getByText(/moves|stays|Nothing is on it/)
      .first()
      .waitFor();
    expect(await serious()).toEqual([]);
    // A later one does.
    const beside = async () => {
      await page.mouse.click(1270, 790);
      return dialog.count();
    };
    await expect.poll(beside, { interval: 500 }).toBe(0);
    await page.getByRole('button', { name: 'Drain' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    // Who goes back leaves the question behind.
    await go('Networks');
    await page.getByRole('heading', { name: 'Networks', exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Drain' }).click();
    await dialog.waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: 'Networks', exact: true, includeHidden: true }).waitFor();
    await dialog.waitFor({ state: 'detached' });
  });

  it('warns of a container that ends soon after each start, and leads to it', async () => {
    const { page } = open;
    const name = `crash-${NAME}`;
    await lab.docker(['run', '-d', '--name', name, '--restart', 'always', 'busybox', 'false']);
    await go('Overview');
    const line = page.getByRole('listitem').filter({ hasText: 'soon after each start' });
    await line.getByRole('link', { name }).waitFor();
    expect(await serious()).toEqual([]);
    expect(await lab.berth(['status', '--all'])).toContain('Cluster');
    await line.getByRole('link', { name }).click();
    await page.getByRole('heading', { name }).waitFor();
    await lab.docker(['rm', '-f', name]);
    await go('Overview');
    await line.waitFor({ state: 'detached' });
  });

  it('shows of many warnings the first, and all of them where that is asked for', async () => {
    const { page } = open;
    const all = Array.from({ length: 60 }, (_, at) => ({
      ...{ severity: 'bad', count: 1, subject: { kind: 'service', names: [`shop/web${at}`] } },
      text: `service shop/web${at}: release 3 is failed: web${at}.1 ends with 1`,
    }));
    const url = /\/v1\/status/;
    await page.route(url, async (route) => {
      const response = await route.fetch();
      const most = Number(new URL(route.request().url()).searchParams.get('warnings') ?? 20);
      const warningDetails = { total: all.length, listed: all.slice(0, most) };
      await route.fulfill({ response, json: { ...(await response.json()), warningDetails } });
    });
    await go('Hosts');
    await row('h1').waitFor();
    await go('Overview');
    await page.getByText('60 things want your eye').waitFor();
    expect(await page.getByRole('link', { name: 'shop/web59' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Show all 60' }).click();
    await page.getByRole('link', { name: 'shop/web59' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(await serious()).toEqual([]);
    await page.getByRole('button', { name: 'Show fewer' }).click();
    await page.getByRole('link', { name: 'shop/web59' }).waitFor({ state: 'detached' });
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  it('says of orphans what they are while there are none', async () => {
    const { page } = open;
    await inPalette('orphans');
    await page.getByRole('option', { name: 'Orphans' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'There are no orphans' }).waitFor();
    expect(await serious()).toEqual([]);
  });

  it('shows containers of all hosts, and what docker makes within a moment', async () => {
    const { page } = open;
    await go('Containers');
    await row(NAME).getByText('running').waitFor();
    await lab.docker(['create', '--name', `${NAME}-2`, 'busybox', 'true']);
    await row(`${NAME}-2`).getByText('created').waitFor();
    await lab.docker(['rm', `${NAME}-2`]);
    await row(`${NAME}-2`).waitFor({ state: 'detached' });
    await page.getByLabel('Filter by name, image or ID').fill('no such thing');
    await page.getByRole('heading', { name: 'No container matches' }).waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    expect(await serious()).toEqual([]);
  });

  it('follows what a container writes, over its end and its next start', async () => {
    const { page } = open;
    await go('Containers');
    await page.getByRole('link', { name: NAME, exact: true }).click();
    const log = page.getByRole('log');
    // Only lines that are seen are there: by now its first one may be far above.
    await page.getByLabel('Search in what is shown').fill('hello from the container');
    await page.getByText(/^1 of [\d,]+ lines/).waitFor();
    await log.getByText('hello from the container').waitFor();
    expect(await serious()).toEqual([]);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
    expect(
      await lab.docker(['ps', '-aq', '--filter', `name=^${NAME}$`, '--filter', 'status=exited']),
    ).not.toBe('');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('button', { name: 'Restart' }).waitFor();
    await page.getByText(/^2 of [\d,]+ lines/).waitFor();
  });

  it('shows what docker inspect shows', async () => {
    const { page } = open;
    await page.getByRole('tab', { name: 'Inspect' }).click();
    await page.getByRole('region', { name: 'Inspect' }).getByText('"RestartPolicy"').waitFor();
    expect(await serious()).toEqual([]);
  });

  it('keeps what was typed in a log, and the folder of files, while another tab is looked at', async () => {
    const { page } = open;
    const tab = (name: string) => page.getByRole('tab', { name }).click();
    await tab('Logs');
    await page.getByLabel('Search in what is shown').fill('UTC');
    await tab('Files');
    await page.getByRole('button', { name: 'etc/', exact: true }).click();
    await page.getByRole('button', { name: 'Folder above' }).and(page.locator(':enabled')).waitFor();
    await tab('Logs');
    await expect.poll(() => page.getByLabel('Search in what is shown').inputValue()).toBe('UTC');
    // It goes on, too.
    const count = () => page.getByText(/^[\d,]+ of [\d,]+ lines/).textContent();
    const before = await count();
    await expect.poll(count, { timeout: 30_000 }).not.toBe(before);
    await tab('Files');
    await expect.poll(() => page.getByLabel('Folder or file').inputValue()).toBe('/etc');
    // The address names the tab, and no way back leads over each.
    await page.waitForURL(/\?tab=files$/);
    await page.reload();
    await page.getByLabel('Folder or file').waitFor();
    await expect
      .poll(() => page.getByRole('tab', { name: 'Files' }).getAttribute('aria-selected'))
      .toBe('true');
    await tab('Logs');
    await page.getByLabel('Search in what is shown').waitFor();
    await expect.poll(() => page.url()).not.toContain('tab=');
  });

  it('needs no mouse: finds and does by the palette, and asks for a name before it removes', async () => {
    const { page } = open;
    await inPalette(`remove ${NAME}`);
    await page.getByRole('option', { name: new RegExp(`Remove ${NAME}`) }).waitFor();
    expect(await serious()).toEqual([]);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: `Remove ${NAME}?` });
    await dialog.getByText('It runs, and is killed.').waitFor();
    const remove = dialog.getByRole('button', { name: 'Remove' });
    expect(await remove.isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    await typeInDialog(page, NAME);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `There is no container` }).waitFor();
    expect(await lab.docker(['ps', '-aq', '--filter', `name=^${NAME}$`])).toBe('');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('host');
    await page.keyboard.press('Escape');
    await palette().waitFor({ state: 'detached' });
  });

  it('speaks Chinese, and dark, at once and after it was loaded again', async () => {
    const { page } = open;
    await inPalette('中文');
    await page.getByRole('option', { name: '中文', selected: true }).waitFor();
    await page.keyboard.press('Enter');
    await link('主机').waitFor();
    await inPalette('dark');
    await page.getByRole('option', { selected: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('[data-mantine-color-scheme="dark"]').waitFor({ state: 'attached' });
    await page.reload();
    await link('容器').click();
    await page.getByRole('heading', { name: '容器', exact: true }).waitFor();
    await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('zh');
    expect(await serious()).toEqual([]);
    await inPalette('english');
    await page.getByRole('option', { name: 'English', selected: true }).waitFor();
    await page.keyboard.press('Enter');
    await link('Hosts').waitFor();
  });

  it('keeps its picture while the manager is away, and comes back by itself', async () => {
    const { page } = open;
    await go('Hosts');
    await row('h1').waitFor();
    await lab.killManager();
    try {
      await page.getByRole('alert').getByText('The manager does not answer').waitFor();
      await row('h1').waitFor();
      expect(await serious()).toEqual([]);
      // What was not fetched yet cannot be had without it.
      await go('Users');
      await page.getByRole('heading', { name: 'This page has failed' }).waitFor();
    } finally {
      await lab.restartManager();
    }
    await page.getByRole('heading', { name: 'Users', exact: true }).waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await go('Hosts');
    await lab.berth(['node', 'cordon', 'h3']);
    await row('h3').getByText('cordoned').waitFor();
    // Of requests that nobody has answered.
    open.complaints.splice(0, open.complaints.length, ...policyOf(open.complaints));
  });

  it('sees that somebody has logged out, or in, in another tab', async () => {
    const { page, complaints } = open;
    const other = await open.context.newPage();
    await other.goto(lab.addresses.api);
    await other.getByRole('button', { name: 'Account admin' }).click();
    await other.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByRole('dialog').getByText('Your session has ended').waitFor();
    await logIn(other, lab.addresses.api, lab.adminPassword ?? '');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await other.close();
    // Of what was refused meanwhile.
    complaints.splice(0, complaints.length, ...policyOf(complaints));
  });

  it('logs out', async () => {
    const { page, complaints } = open;
    expect(complaints).toEqual([]);
    await page.getByRole('button', { name: 'Account admin' }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
    await expect.poll(() => open.context.cookies()).toEqual([]);
  });
});
