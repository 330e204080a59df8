import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

/** Listed in this order. */
const NAMES = ['list-a', 'list-b', 'list-c', 'list-d', 'list-e'] as const;
const [FIRST] = NAMES;
const BUSY = 'list-d';

let lab: Lab;
let open: OpenPage;

const away = () => lab.docker(['rm', '-f', ...NAMES]).catch(() => undefined);
beforeAll(async () => {
  lab = await sharedLab();
  await away();
  for (const name of NAMES) {
    const does = name === BUSY ? 'while :; do :; done' : 'sleep 100000';
    await lab.docker(['run', '-d', '--name', name, '--stop-timeout', '0', 'busybox', 'sh', '-c', does]);
  }
  open = await openChromium({ viewport: { width: 1280, height: 900 } });
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await away();
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await open.page.setViewportSize({ width: 1280, height: 900 });
  await open.page.goto(lab.addresses.api);
});

const list = async (search = '?q=list-') => {
  await open.page.goto(`${lab.addresses.api}/containers${search}`);
  await open.page.getByRole('heading', { level: 1 }).waitFor();
};
const rows = (): Locator => open.page.getByRole('row').filter({ hasText: /list-[a-e]/ });
const row = (name: string): Locator => open.page.getByRole('row').filter({ hasText: name });
const names = async () => (await rows().allTextContents()).map((text) => /list-[a-e]/.exec(text)?.[0]);
const select = (name: string) => open.page.getByRole('checkbox', { name: `Select ${name}` });
const bar = (): Locator => open.page.getByRole('group', { name: 'Selected containers' });
const dialog = (): Locator => open.page.getByRole('dialog');

describe('the list of containers', () => {
  it('is filtered by health and by who has made what, as its address says', async () => {
    const { page } = open;
    await list();
    await rows().nth(4).waitFor();
    await page.getByLabel('Made by').selectOption('plain docker');
    await page.getByRole('heading', { name: 'No container matches' }).waitFor();
    await expect.poll(() => page.url()).toContain('made=plain');
    await page.getByLabel('Made by').selectOption('made through the cluster');
    await page.getByLabel('Health').selectOption('no health check');
    await rows().nth(4).waitFor();
    await page.reload();
    await rows().nth(4).waitFor();
    await expect.poll(() => page.getByLabel('Health').inputValue()).toBe('none');
    expect(await seriousFindings(open)).toEqual([]);
    await list('?stack=no-such-stack&service=web');
    await page.getByRole('heading', { name: 'No container matches' }).waitFor();
    await expect.poll(() => page.getByLabel('Service', { exact: true }).inputValue()).toBe('web');
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await row(FIRST).waitFor();
  });

  it('shows what each uses now, and is sorted by it', async () => {
    const { page } = open;
    await list();
    const head = (name: string) => page.getByRole('columnheader', { name });
    const cell = (name: string, at: number) => row(name).getByRole('cell').nth(at);
    // Its loop takes what it gets of a core, and it is known a few seconds after it began.
    await expect.poll(() => cell(BUSY, 5).textContent(), { timeout: 60_000 }).toMatch(/^\d\.?\d*$/);
    await expect.poll(() => cell(FIRST, 6).textContent(), { timeout: 60_000 }).toMatch(/ [KM]iB$/);
    await expect.poll(() => head('Name').getAttribute('aria-sort')).toBe('ascending');
    await head('CPU').getByRole('button').click();
    await expect.poll(async () => (await names())[0]).toBe(BUSY);
    await expect.poll(() => head('CPU').getAttribute('aria-sort')).toBe('descending');
    expect(await head('Name').getAttribute('aria-sort')).toBe('none');
    await expect.poll(() => page.url()).toContain('sort=cpu');
    // A telephone has it in place of the host.
    await page.setViewportSize({ width: 360, height: 800 });
    await head('CPU').waitFor();
    await head('Host').waitFor({ state: 'hidden' });
    await expect.poll(() => page.evaluate('document.scrollingElement.scrollWidth')).toBe(360);
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(await seriousFindings(open)).toEqual([]);
    await head('CPU').getByRole('button').click();
    await expect.poll(names).toEqual([...NAMES]);
    await page.goto(`${lab.addresses.api}/hosts?sort=memory`);
    await page
      .getByRole('row')
      .filter({ hasText: 'h1' })
      .getByRole('meter', { name: 'Memory used' })
      .waitFor();
    await expect.poll(() => head('Memory used').getAttribute('aria-sort')).toBe('descending');
    expect(await seriousFindings(open)).toEqual([]);
  });

  it('does to one what its page does, and leads back to its row', async () => {
    const { page } = open;
    await list();
    const more = row(FIRST).getByRole('button', { name: `What to do with ${FIRST}` });
    await more.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Send HUP', exact: true }).waitFor();
    await page.getByRole('menuitem', { name: 'Pause', exact: true }).click();
    await dialog().getByRole('button', { name: 'Pause' }).click();
    await row(FIRST).getByText('paused').waitFor();
    const focused = () => page.evaluate("document.activeElement?.getAttribute('aria-label')");
    await expect.poll(focused).toBe(`What to do with ${FIRST}`);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Unpause', exact: true }).click();
    await row(FIRST).getByText('running').waitFor();
  });

  it('stops those that are selected, over a range, and starts them again', async () => {
    await list();
    await select('list-b').check();
    await select('list-d').click({ modifiers: ['Shift'] });
    await bar().getByText('3 selected').waitFor();
    await select('list-c').uncheck();
    await bar().getByText('2 selected').waitFor();
    await bar().getByRole('button', { name: 'Stop' }).click();
    await dialog().getByText('Stop 2 containers?').waitFor();
    expect(await dialog().getByRole('listitem').allTextContents()).toEqual([
      ...[expect.stringContaining('list-b'), expect.stringContaining('list-d')],
    ]);
    expect(await seriousFindings(open)).toEqual([]);
    await dialog().getByRole('button', { name: 'Stop' }).click();
    await dialog().waitFor({ state: 'detached' });
    for (const name of ['list-b', 'list-d']) await row(name).getByText('exited').waitFor();
    await row('list-c').getByText('running').waitFor();
    await open.page.getByRole('checkbox', { name: 'Select all that are listed' }).check();
    await bar().getByText('5 selected').waitFor();
    await bar().getByRole('button', { name: 'Start', exact: true }).click();
    // Three run as it is.
    await dialog().getByText('Start 2 containers?').waitFor();
    await dialog()
      .getByText(/Nothing is done to 3/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Start', exact: true }).click();
    await dialog().waitFor({ state: 'detached' });
    for (const name of NAMES) await row(name).getByText('running').waitFor();
  });

  it('asks for the number before it removes, and tells of each that fails', async () => {
    const { page } = open;
    await list();
    await select('list-b').check();
    await select('list-c').check();
    // What is selected stays so, whatever is listed.
    await page.getByLabel('Filter by name, image or ID').fill('list-a');
    await row('list-c').waitFor({ state: 'detached' });
    await bar().getByRole('button', { name: 'Remove' }).click();
    const remove = dialog().getByRole('button', { name: 'Remove' });
    await dialog().getByText('2 of them run, and are killed.').waitFor();
    expect(await remove.isDisabled()).toBe(true);
    await lab.docker(['rm', '-f', 'list-c']);
    await dialog().getByLabel('Type 2 to remove so many').fill('2');
    await page.keyboard.press('Enter');
    await dialog().getByText('1 done, 1 failed').waitFor();
    await dialog()
      .getByRole('listitem')
      .filter({ hasText: /list-c.*no/i })
      .waitFor();
    expect(await seriousFindings(open)).toEqual([]);
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    // It is gone, and with it the selection.
    await bar().waitFor({ state: 'detached' });
    await page.getByLabel('Filter by name, image or ID').fill('list-');
    await expect.poll(names).toEqual(['list-a', 'list-d', 'list-e']);
  });
});
