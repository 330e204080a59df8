import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';

const ON_H3 = 'away-far';
const REMOVED = 'away-removed';
const ENDED = 'away-ended';
const USER = 'away-eva';

/** A lab of its own, as a host of it and its manager die. */
let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  await ensureImage('busybox', lab.endpoint);
  await lab.docker(['run', '-d', '--name', ON_H3, '-e', 'constraint:node==h3', 'busybox', 'sleep', '100000']);
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  await lab?.down();
});

const button = (name: string): Locator => open.page.getByRole('button', { name, exact: true });
const tab = (name: string): Locator => open.page.getByRole('tab', { name });
const link = (name: string): Locator =>
  open.page.getByRole('navigation').getByRole('link', { name, exact: true });

it('says in a question that what it is about was removed meanwhile', async () => {
  const { page } = open;
  await lab.docker(['run', '-d', '--name', REMOVED, 'busybox', 'sleep', '100000']);
  await page.goto(`${lab.addresses.api}/containers/${REMOVED}`);
  await button('Remove').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(REMOVED.slice(0, 4));
  await lab.docker(['rm', '-f', REMOVED]);
  await dialog.getByRole('alert').getByText(`${REMOVED} is not there any more`).waitFor();
  expect(await dialog.getByRole('button', { name: 'Remove' }).count()).toBe(0);
  expect(await seriousFindings(open)).toEqual([]);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: `There is no container “${REMOVED}”` }).waitFor();
});

it('says so of what is not in the live picture, in questions and in forms, also where another has its name', async () => {
  const { page } = open;
  const dialog = page.getByRole('dialog');
  await lab.docker(['volume', 'create', REMOVED]);
  await page.goto(`${lab.addresses.api}/volumes/${REMOVED}`);
  await button('Remove').click();
  await dialog.getByRole('textbox').fill(REMOVED.slice(0, 4));
  await lab.docker(['volume', 'rm', REMOVED]);
  await dialog.getByRole('alert').getByText(`${REMOVED} is not there any more`).waitFor();
  expect(await dialog.getByRole('button', { name: 'Remove' }).count()).toBe(0);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });

  await lab.docker(['network', 'create', REMOVED]);
  await page.goto(`${lab.addresses.api}/networks/${REMOVED}`);
  await button('Remove').click();
  await dialog.getByRole('textbox').waitFor();
  await lab.docker(['network', 'rm', REMOVED]);
  await lab.docker(['network', 'create', REMOVED]);
  try {
    await dialog.getByRole('alert').getByText(`${REMOVED} is not there any more`).waitFor();
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    // Of the one that has the name now nobody is told that it is gone.
    await page.reload();
    await button('Remove').click();
    await dialog.getByRole('textbox').fill(REMOVED);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `There is no network “${REMOVED}”` }).waitFor();
  } finally {
    await lab.docker(['network', 'rm', REMOVED]).catch(() => undefined);
  }

  await lab.berth(['user', 'create', USER, '--role', 'viewer']);
  try {
    await page.goto(`${lab.addresses.api}/users`);
    await button(`What to do with ${USER}`).click();
    await page.getByRole('menuitem', { name: 'Change the role' }).click();
    await dialog.getByLabel('Role').selectOption('operator');
  } finally {
    await lab.berth(['user', 'rm', USER, '--yes']);
  }
  await dialog.getByRole('alert').getByText(`${USER} is not there any more`).waitFor();
  expect(await dialog.getByRole('button', { name: 'Set', exact: true }).isDisabled()).toBe(true);
  expect(await seriousFindings(open)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
});

it('tries a page that failed again without leaving, as long as the manager is away', async () => {
  const { page } = open;
  await page.goto(`${lab.addresses.api}/hosts`);
  await page.getByRole('navigation').getByText('Live').waitFor();
  await page.evaluate('window.stayed = true');
  await lab.killManager();
  try {
    await page.getByRole('alert').getByText('The manager does not answer').waitFor();
    await link('Topology').click();
    const failed = page.getByRole('heading', { name: 'This page has failed' });
    await failed.waitFor();
    expect(await page.evaluate('window.stayed')).toBe(true);
    await page.getByRole('main').getByRole('button', { name: 'Load again' }).click();
    await page.waitForTimeout(1_000);
    await failed.waitFor();
    expect(await page.evaluate('window.stayed')).toBe(true);
  } finally {
    await lab.restartManager();
  }
  await page.getByRole('heading', { name: 'Topology', exact: true }).waitFor();
  expect(await page.evaluate('window.stayed')).toBe(true);
  // It has its style sheet, too.
  const rules =
    "[...document.querySelectorAll('link[rel=stylesheet]')].find(({ href }) => href.includes('/topology-'))?.sheet?.cssRules.length ?? 0";
  await expect.poll(() => page.evaluate(rules)).toBeGreaterThan(0);
});

it('does not claim that a container does not run whose host is down since before the manager was started', async () => {
  const { page } = open;
  await lab.waitReady();
  await page.goto(`${lab.addresses.api}/containers/${ON_H3}`);
  await button('Stop').waitFor();
  await lab.kill('h3');
  try {
    await lab.restartManager();
    await page
      .getByText(/not known: h3 (has not reported it yet|does not answer)/)
      .first()
      .waitFor();
    await page.getByText('not known: h3 does not answer').first().waitFor();
    expect(await page.getByText('never', { exact: true }).count()).toBe(0);
    expect(await button('Start').count()).toBe(0);
    await tab('Files').click();
    await page.getByText('Whether it runs is not known: its host h3 does not answer.').waitFor();
    await tab('Terminal').click();
    await expect
      .poll(() => button('Open a terminal').getAttribute('aria-description'))
      .toBe('Whether it runs is not known: its host h3 does not answer.');
    expect(await seriousFindings(open)).toEqual([]);
  } finally {
    await lab.start('h3');
  }
  await page.getByText('not known').first().waitFor({ state: 'detached' });
});

it('offers nothing of what a host that is down would have to do, and says why', async () => {
  const { page } = open;
  await lab.waitReady();
  await lab.docker(['run', '-d', '--name', ENDED, '-e', 'constraint:node==h3', 'busybox', 'true']);
  // It has ended with its host.
  await lab.docker(['start', ON_H3]);
  const url = (name: string) => `${lab.addresses.api}/containers/${name}`;
  const why = 'Its host h3 does not answer: it has to be back first.';
  const whyNot = (name: string) => button(name).getAttribute('aria-description');
  await page.goto(url(ENDED));
  await button('Start').waitFor();
  expect(await whyNot('Start')).toBeNull();
  await lab.kill('h3');
  try {
    await expect.poll(() => whyNot('Start'), { timeout: 60_000 }).toBe(why);
    expect(await button('Start').getAttribute('aria-disabled')).toBe('true');
    expect(await seriousFindings(open)).toEqual([]);
    await button('More').click();
    await page.getByRole('menu').getByText(why).waitFor();
    await page.keyboard.press('Escape');

    await page.goto(url(ON_H3));
    await expect.poll(() => whyNot('Stop')).toBe(why);
    await tab('Terminal').click();
    expect(await whyNot('Open a terminal')).toBe(
      'Whether it runs is not known: its host h3 does not answer.',
    );
    await tab('Files').click();
    await page
      .getByRole('tabpanel', { name: 'Files' })
      .getByText('Whether it runs is not known: its host h3 does not answer.')
      .waitFor();

    await page.goto(`${lab.addresses.api}/containers?q=away-`);
    await button(`What to do with ${ENDED}`).click();
    const start = page.getByRole('menuitem', { name: 'Start' });
    await start.getByText(why).waitFor();
    await page.keyboard.press('Escape');
    for (const name of [ENDED, ON_H3]) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
    const dialog = page.getByRole('dialog');
    await page
      .getByRole('group', { name: 'Selected containers' })
      .getByRole('button', { name: 'Stop' })
      .click();
    await dialog.getByText('None of them is in a state for it.').waitFor();
    await dialog.getByText('Nothing is done to 1 whose host does not answer.').waitFor();
    await page.keyboard.press('Escape');

    // It cannot be asked, but given up.
    await page.goto(url(ENDED));
    await expect.poll(() => whyNot('Start')).toBe(why);
    await button('Remove').click();
    await dialog.getByText('Its host h3 does not answer: the cluster gives it up now').waitFor();
    await dialog.getByRole('textbox').fill(ENDED);
    await page.keyboard.press('Enter');
    // In the second way as long as its connection is yet to be given up. "Copy as" stands behind the first.
    await page.getByText(/^Remove .*: done|what was asked is done once it is back/).waitFor();
  } finally {
    await lab.start('h3');
  }
  await page.getByRole('heading', { name: `There is no container “${ENDED}”` }).waitFor();
  await page.goto(url(ON_H3));
  await expect.poll(() => whyNot('Start'), { timeout: 60_000 }).toBeNull();
});
