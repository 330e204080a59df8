import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { closeMenu, logIn, type OpenPage, openChromium, seriousFindings, typeInDialog } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const STACK = 'page-shop';
const WEB = `${STACK}/web`;
/** What a page that does not take care would run, turn round or cut in two. */
const ODD = '<img src=x onerror=alert(1)> \u202Eolleh 🚢';

let lab: Lab;
let open: OpenPage;
const folder = mkdtempSync(join(tmpdir(), 'berth-page-'));

const compose = (note: string) => `services:
  web:
    image: busybox:latest
    command: sh -c "echo hello from the web; exec httpd -f -p 8080 -h /etc"
    environment: { NOTE: ${JSON.stringify(note)} }
    labels: { berth.release: blue-green, berth.routing.port_8080: page-shop.example.com }
    stop_grace_period: 1s
    deploy: { replicas: 2 }
  cache:
    image: busybox:latest
    command: sleep 100000
    stop_grace_period: 1s
    volumes: [data:/data]
volumes: { data: {} }
`;
const deploy = (note: string) => {
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, compose(note));
  return lab.berth(['deploy', '-f', file, '--name', STACK, '--detach']);
};
const removeStack = () => lab.berth(['stack', 'rm', STACK, '--volumes', 'data', '--yes']);
const status = async () =>
  JSON.parse(await lab.berth(['release', 'status', WEB, '--json'])) as {
    release: { number: number; state: string };
    versions: { weight: number | null }[];
  };

beforeAll(async () => {
  lab = await sharedLab();
  await removeStack().catch(() => undefined);
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  await removeStack().catch(() => undefined);
  await lab?.berth(['volume', 'rm', `${STACK}_data`, '--yes']).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

// What a test that failed has left open is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await open.page.goto(`${lab.addresses.api}/stacks`);
});

const row = (name: string): Locator => open.page.getByRole('row').filter({ hasText: name });
const tab = (name: string): Locator => open.page.getByRole('main').getByRole('link', { name, exact: true });
const button = (name: string): Locator => open.page.getByRole('button', { name, exact: true });
const inDialog = (name: string): Locator =>
  open.page.getByRole('dialog').getByRole('button', { name, exact: true });
const serious = () => seriousFindings(open);
const service = async (name: string) => {
  await open.page.goto(`${lab.addresses.api}/stacks/${STACK}/services/${name}`);
  await open.page.getByRole('heading', { name, exact: true }).waitFor();
};

describe('stacks and services on the dashboard', () => {
  it('shows a stack as soon as it is deployed, and how it gets ready', async () => {
    const { page } = open;
    await page.getByRole('navigation').getByRole('link', { name: 'Stacks' }).click();
    await page.getByRole('heading', { name: 'Stacks', exact: true }).waitFor();
    await deploy('first');
    await row(STACK).getByText('well').waitFor();
    await row(STACK).getByText('2 of 2').waitFor();
    expect(await serious()).toEqual([]);
    await page.getByRole('link', { name: STACK }).click();
    await row('cache').getByText('ready', { exact: true }).waitFor();
    await row('web').getByText('2 of 2').waitFor();
    expect(await serious()).toEqual([]);
    await tab('Containers').click();
    await row(`${STACK}_web_2`).getByText('running').waitFor();
    expect(await serious()).toEqual([]);
    await tab('Logs').click();
    await page.getByRole('log').getByText('hello from the web').first().waitFor();
    expect(await serious()).toEqual([]);
    await page.getByLabel('Service', { exact: true }).selectOption('cache');
    await page.getByText('It has written nothing yet.').waitFor();
    await tab('History').click();
    await row('web').getByText('Release 1 deployed').waitFor();
    expect(await serious()).toEqual([]);
  });

  it('shows the log of one service, which its address names', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/stacks/${STACK}/logs`);
    const chosen = page.getByLabel('Service', { exact: true });
    await chosen.selectOption('web');
    await page.waitForURL(/\?service=web$/);
    await page.reload();
    await page.getByText('hello from the web').first().waitFor();
    await expect.poll(() => chosen.inputValue()).toBe('web');
    await chosen.selectOption('cache');
    await page.getByText('hello from the web').first().waitFor({ state: 'detached' });
    await chosen.selectOption('All services');
    await page.waitForURL(/\/logs$/);
    await page.getByText('hello from the web').first().waitFor();
  });

  it('scales by its number, and back to what the file says', async () => {
    const { page } = open;
    await tab('Services').click();
    await page.getByRole('link', { name: 'web', exact: true }).click();
    await page.getByText('The compose file says 2.').waitFor();
    expect(await serious()).toEqual([]);
    const count = page.getByRole('textbox', { name: `Containers of ${WEB}` });
    await count.fill('');
    await expect.poll(() => count.inputValue()).toBe('');
    await count.blur();
    await expect.poll(() => count.inputValue()).toBe('2');
    await count.fill('3');
    // What is done at once says how before, and on what tells that it was done.
    const line = page.getByRole('menuitem', { name: `berth service scale ${WEB} 3` });
    const way = { name: 'Copy as', description: `Scale to 3 ${WEB}` } as const;
    await page.getByRole('main').locator('form').getByRole('button', way).press('Enter');
    await line.waitFor();
    expect(await serious()).toEqual([]);
    await closeMenu(page);
    const calls: string[] = [];
    page.on('request', (request) => calls.push(request.url()));
    // Who clicks twice means it once.
    await button('Scale to 3').dblclick();
    await page.locator('.toasts').getByRole('button', way).press('Enter');
    await line.waitFor();
    expect(await serious()).toEqual([]);
    await closeMenu(page);
    await row(`${STACK}_web_3`).getByText('running').waitFor();
    expect(calls.filter((url) => url.endsWith('/scale'))).toHaveLength(1);
    await page.getByText(/2 → 3 by admin/).waitFor();
    await button('Back to the file’s 2').click();
    await row(`${STACK}_web_3`).waitFor({ state: 'detached' });
  });

  it('tells who was slower what the other has done, and does nothing unseen', async () => {
    const { page } = open;
    await page.getByRole('slider', { name: `Containers of ${WEB}` }).press('ArrowRight');
    await button('Scale to 3').waitFor();
    // What was chosen stays while another tab is looked at.
    await tab('Charts').click();
    await button('Scale to 3').waitFor({ state: 'detached' });
    await tab('Overview').click();
    await button('Scale to 3').waitFor();
    await lab.berth(['service', 'scale', WEB, '1', '--detach']);
    await page.getByRole('alert').getByText('Meanwhile it was set to 1; you saw 2.').waitFor();
    expect(await serious()).toEqual([]);
    await button('Go on with mine').click();
    await button('Scale to 3').click();
    await row(`${STACK}_web_3`).getByText('running').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').fill('scale page-shop/web 2');
    await page.getByRole('option', { name: `Scale to 2 ${WEB}` }).waitFor();
    await page.keyboard.press('Enter');
    await row(`${STACK}_web_3`).waitFor({ state: 'detached' });
  });

  it('shares requests between two versions, and confirms the new one', async () => {
    const { page } = open;
    await deploy(ODD);
    await page.getByText('waits for you to confirm it').waitFor();
    await page.getByText('somebody decides. “Confirm release” takes the old version away').waitFor();
    expect(await page.getByRole('main').getByText('berth release').count()).toBe(0);
    await page.getByRole('textbox', { name: /Per cent of the requests/ }).fill('50');
    await button('Give release 2 50 %').click();
    await page
      .getByText(/50 % of the requests go to it, as admin has set/)
      .first()
      .waitFor();
    expect((await status()).versions.map(({ weight }) => weight)).toEqual([50, 50]);
    expect(await serious()).toEqual([]);
    await button('Confirm release').click();
    await page.getByRole('dialog').getByText('the containers of the old one go').waitFor();
    expect(await serious()).toEqual([]);
    await inDialog('Confirm release').click();
    await page.getByText('done', { exact: true }).waitFor();
    expect((await status()).release).toMatchObject({ number: 2, state: 'done' });
  });

  it('says what a release has changed, and what comes back with an earlier one', async () => {
    const { page } = open;
    await tab('Releases').click();
    await page.getByText('1 field has changed').click();
    const changed = page.getByRole('list', { name: 'What release 2 has changed' });
    await changed.getByText(ODD).waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await serious()).toEqual([]);
    await button('Bring back').click();
    const dialog = page.getByRole('dialog', { name: `Roll ${WEB} back?` });
    await dialog.getByText(/Release 1 comes back/).waitFor();
    await dialog.getByText('NOTE=first').waitFor();
    expect(await serious()).toEqual([]);
    await inDialog('Bring back').click();
    await page.getByText('back to 1 by admin').waitFor();
    await expect
      .poll(async () => (await status()).release, { timeout: 120_000 })
      .toMatchObject({
        ...{ number: 3, state: 'done' },
      });
  });

  it('lets it scale by itself by rules, and shows what another has made of them', async () => {
    const { page } = open;
    await tab('Autoscaling').click();
    await page.getByText('It does not scale by itself').waitFor();
    await page.getByLabel('Most containers').fill('4');
    await page.getByLabel('Schedules').fill('now and then');
    await page.getByText(/“now and then” is not of the form/).waitFor();
    // It is read back as `weekdays 08:00-20:00 UTC: at least 1`.
    await page.getByLabel('Schedules').fill('weekdays 8-20 UTC: at least 1');
    await button('Set these rules').click();
    await page
      .getByText(/from 1 to 4/)
      .first()
      .waitFor();
    // What was set is no other person's doing.
    await page
      .getByRole('main')
      .locator('form')
      .getByRole('button', { name: 'Cancel' })
      .waitFor({ state: 'detached' });
    expect(await page.getByRole('alert').count()).toBe(0);
    await expect
      .poll(() => page.getByLabel('Schedules').inputValue())
      .toBe('weekdays 08:00-20:00 UTC: at least 1');
    expect(await serious()).toEqual([]);
    await page.getByLabel('Most containers').fill('6');
    await lab.berth(['autoscale', 'set', WEB, '--min', '1', '--max', '5', '--cpu', '60']);
    await page.getByRole('alert').getByText('max').waitFor();
    expect(await page.getByLabel('Most containers').inputValue()).toBe('6');
    await button('Take theirs').click();
    await expect.poll(() => page.getByLabel('Most containers').inputValue()).toBe('5');
    await button('Take away what was set by hand').click();
    await inDialog('Take away what was set by hand').click();
    await page.getByText('It does not scale by itself').waitFor();
  });

  it('makes a trigger, shows its URL once, and ends it', async () => {
    const { page } = open;
    await tab('Routes and triggers').click();
    await page.getByText('It has none yet.').waitFor();
    // A telephone has no place for all tabs: the one that is shown is in sight all the same.
    const desk = page.viewportSize() ?? { width: 1280, height: 800 };
    await page.setViewportSize({ width: 360, height: 800 });
    await page.reload();
    await tab('Routes and triggers').waitFor();
    const right = async () => {
      const box = await tab('Routes and triggers').boundingBox();
      return (box?.x ?? 0) + (box?.width ?? Number.POSITIVE_INFINITY);
    };
    await expect.poll(right).toBeLessThanOrEqual(360);
    await page.setViewportSize(desk);
    await button('Make a trigger').click();
    await page.getByLabel('Name, which releases and histories have').fill('ci');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'URL of the trigger' }).getByText('token=berth_trg_').waitFor();
    expect(await serious()).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await row('ci').getByText('pulls the image anew').waitFor();
    expect(await serious()).toEqual([]);
    await row('ci').getByRole('button', { name: 'End' }).click();
    expect(await inDialog('End').isDisabled()).toBe(true);
    await typeInDialog(page, 'ci');
    await inDialog('End').click();
    await page.getByText('It has none yet.').waitFor();
  });

  it('takes a stack away once its name is typed, and says which volume stays', async () => {
    const { page, complaints } = open;
    await service('cache');
    await page.getByRole('link', { name: `Stack ${STACK}` }).click();
    await button('Remove').click();
    const dialog = page.getByRole('dialog', { name: `Remove stack ${STACK}?` });
    await dialog.getByText(`${STACK}_data`).waitFor();
    expect(await inDialog('Remove').isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    const volume = dialog.getByRole('checkbox', { name: `Delete volume ${STACK}_data, too` });
    expect(await volume.isChecked()).toBe(false);
    await volume.check();
    await dialog.getByText('does not come back').waitFor();
    expect(await serious()).toEqual([]);
    await dialog.getByRole('button', { name: 'Copy as' }).click();
    await page.getByText(`berth stack rm ${STACK} --volumes ${STACK}_data`).waitFor();
    await closeMenu(page);
    await volume.uncheck();
    await page.getByLabel(`Type ${STACK} to remove it`).fill(STACK);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `There is no stack “${STACK}”` }).waitFor();
    expect(await lab.berth(['volume', 'ls', '-q'])).toContain(`${STACK}_data`);
    // The same again, with the volume.
    await deploy('first');
    await page.goto(`${lab.addresses.api}/stacks/${STACK}`);
    await button('Remove').click();
    await volume.check();
    await page.getByLabel(`Type ${STACK} to remove it`).fill(STACK);
    await page.keyboard.press('Enter');
    await expect
      .poll(() => lab.berth(['volume', 'ls', '-q']), { timeout: 120_000 })
      .not.toContain(`${STACK}_data`);
    // The stack's page has asked for a stack that is gone.
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
  });
});

describe('a job that has times', () => {
  const JOB = 'page-jobs';
  const jobs = `services:
  nightly:
    image: busybox:latest
    command: sh -c "echo made a backup; exit 0"
    labels: { berth.cron: "0 3 29 2 *" }
  broken:
    image: busybox:latest
    command: sh -c "exit 7"
    labels: { berth.cron: "0 3 29 2 *" }
`;
  const gone = () => lab.berth(['stack', 'rm', JOB, '--yes']).catch(() => undefined);
  const runs = (name: string) =>
    open.page.getByRole('region', { name: 'Runs' }).getByRole('row').filter({ hasText: name });

  beforeAll(async () => {
    await gone();
    const written = join(folder, 'jobs.yaml');
    writeFileSync(written, jobs);
    await lab.berth(['deploy', '-f', written, '--name', JOB, '--detach']);
  });
  afterAll(gone);

  it('is run now from its page, and each run is in its history, with how it ended', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/stacks/${JOB}/services/nightly`);
    await page.getByText('It has not run yet.').waitFor();
    await page.getByText('at its times: 0 3 29 2 *').waitFor();
    expect(await serious()).toEqual([]);
    await button('Run now').click();
    await runs('by admin').getByText('succeeded').waitFor();
    await runs('by admin')
      .getByText(/^h[1-3]$/)
      .waitFor();
    expect(await serious()).toEqual([]);
    const history = async (name: string) =>
      JSON.parse(await lab.berth(['job', 'history', `${JOB}/${name}`, '--json'])) as {
        state: string;
        by: string;
        exitCode: number;
      }[];
    expect(await history('nightly')).toMatchObject([{ state: 'succeeded', by: 'admin', exitCode: 0 }]);
    // The second is another run, above the first.
    await button('Run now').click();
    await expect.poll(() => runs('succeeded').count(), { timeout: 60_000 }).toBe(2);
    await page.goto(`${lab.addresses.api}/stacks/${JOB}/services/broken`);
    await page.getByText('It has not run yet.').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').fill(`run ${JOB}/broken`);
    await page.getByRole('option', { name: `Run now ${JOB}/broken` }).waitFor();
    await page.keyboard.press('Enter');
    await runs('failed').getByText('7', { exact: true }).waitFor();
    expect(await serious()).toEqual([]);
    expect(await history('broken')).toMatchObject([{ state: 'failed', exitCode: 7 }]);
    // What it has written is with the stack's logs.
    await page.goto(`${lab.addresses.api}/stacks/${JOB}/logs`);
    await page.getByRole('log').getByText('made a backup').first().waitFor();
  });
});
