import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT, startProvider, type TestProvider } from '../../src/api/v1/oidc-provider.fixture.ts';
import type { Lab } from '../lab/lab.ts';
import { closeMenu, logIn, type OpenPage, openChromium, seriousFindings, wholeAnswer } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const LABEL = 'Company account';
const USERS = ['ann', 'bob'];

let lab: Lab;
let open: OpenPage;
let provider: TestProvider;
let port: number;
const folder = mkdtempSync(join(tmpdir(), 'berth-provider-'));

beforeAll(async () => {
  lab = await sharedLab();
  await clean();
  provider = await start();
  port = Number(new URL(provider.issuer).port);
  open = await openChromium();
});
afterAll(async () => {
  await open?.close();
  await provider?.close();
  if (lab !== undefined) await clean();
  rmSync(folder, { recursive: true, force: true });
});

// What a test that failed has left is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  console.log(open.page.url(), await open.page.locator('body').ariaSnapshot());
  provider.lie = undefined;
  await afresh();
});

/** On the machine that the lab's hosts have as their gateway: manager and browser reach it by the same name. */
async function start(at?: number): Promise<TestProvider> {
  const made = await startProvider({
    ...{ address: lab.plan.gateway, back: `${lab.addresses.api}/login/oidc` },
    ...(at === undefined ? {} : { port: at }),
  });
  made.accounts.set('ann', { preferred_username: 'Ann@example.com', groups: ['ops', 'all'] });
  made.accounts.set('bob', { preferred_username: 'bob', groups: ['staff'] });
  made.accounts.set('sam', { preferred_username: 'sam', groups: ['guests'] });
  made.person = 'ann';
  return made;
}

async function clean(): Promise<void> {
  await lab.berth(['oidc', 'rm', '--yes']).catch(() => undefined);
  for (const user of USERS) await lab.berth(['user', 'rm', user, '--yes']).catch(() => undefined);
}

/** By the command line, as another admin does. */
async function set(...more: string[]): Promise<void> {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, provider.ca);
  const roles = ['--role', 'admin=ops', '--role', 'viewer=staff', '--label', LABEL, '--ca-file', file];
  await lab.berth(
    ['oidc', 'set', provider.issuer, CLIENT.id, lab.addresses.api, ...roles, '--secret-stdin', ...more],
    { input: CLIENT.secret },
  );
}

const serious = () => seriousFindings(open);
const button = (page: Page = open.page): Locator => page.getByRole('button', { name: LABEL });
const alert = (text: string | RegExp): Locator => open.page.getByRole('alert').getByText(text);
const isIn = (page: Page = open.page) => page.getByRole('navigation').getByText('Live').waitFor();

/** A browser that neither the manager nor the provider has seen before. */
async function afresh(path = '/'): Promise<void> {
  await open.context.clearCookies();
  await open.page.goto(`${lab.addresses.api}${path}`);
}

/** The address at which the browser is sent back, with its code, as soon as it is. */
const sentBack = async () =>
  (await open.page.waitForRequest((one) => one.url().includes('/login/oidc?'))).url();

const logOut = async (user: string) => {
  await open.page.getByRole('button', { name: `Account ${user}` }).click();
  await open.page.getByRole('menuitem', { name: 'Log out' }).click();
  await open.page.getByLabel('Password', { exact: true }).waitFor();
};

describe('log-in by a provider, in a browser', () => {
  it('is set in a form, by asking the provider, and its secret is shown to nobody', async () => {
    const { page } = open;
    await logIn(page, `${lab.addresses.api}/settings?tab=login`, lab.adminPassword ?? '');
    await page.getByText('People log in with passwords of this cluster').waitFor();
    await page.getByRole('button', { name: 'Log-in by a provider' }).click();
    const form = page.getByRole('dialog', { name: 'Log-in by a provider' });
    await form.getByLabel('Issuer').fill(`${provider.issuer}/elsewhere`);
    await form.getByLabel('Client', { exact: true }).fill(CLIENT.id);
    await form.getByLabel('Secret of the client').fill(CLIENT.secret);
    await form.getByLabel('Groups whose members are admin').fill('ops');
    await form.getByLabel('Groups whose members are viewer').fill('staff');
    await form.getByLabel('Text of the button').fill(LABEL);
    await form.getByLabel('CAs of its servers').fill(provider.ca);
    expect(await seriousFindings(open)).toEqual([]);
    await form.getByRole('button', { name: 'Ask it, and save' }).click();
    await form.getByRole('alert').getByText(provider.issuer).waitFor();
    await form.getByLabel('Issuer').fill(provider.issuer);
    await form.getByRole('button', { name: 'Ask it, and save' }).click();
    await page.getByRole('heading', { name: LABEL }).waitFor();
    await page.getByText('with a secret').waitFor();
    expect(await page.content()).not.toContain(CLIENT.secret);
    expect(await serious()).toEqual([]);
    await logOut('admin');
    open.complaints.length = 0; // of the issuer that was none
  });

  it('lets in who has a group with a role, by the button, to where they wanted to go', async () => {
    const { page, context } = open;
    await afresh('/settings?tab=dns');
    await button().waitFor();
    expect(await serious()).toEqual([]);
    await button().click();
    await isIn();
    await page.waitForURL(`${lab.addresses.api}/settings?tab=dns`);
    await page.getByRole('button', { name: 'Account ann' }).click();
    await page.getByText('ann · Role: admin').waitFor();
    await closeMenu(page);
    // Neither the code nor what it was bought with is anywhere that a script or the history has.
    const kept = await page.evaluate(
      'JSON.stringify({ ...sessionStorage, ...localStorage, c: document.cookie })',
    );
    expect(kept).not.toMatch(/code=|state=|eyJ/);
    expect(await context.cookies(lab.addresses.api)).toMatchObject([
      { name: '__Host-berth', httpOnly: true, secure: true, sameSite: 'Strict' },
    ]);
    await page.goBack().catch(() => undefined);
    expect(page.url()).not.toContain('code=');
    const users = JSON.parse(await lab.berth(['user', 'ls', '--json'])) as { name: string; role: string }[];
    expect(users.find(({ name }) => name === 'ann')).toMatchObject({
      role: 'admin',
      provider: provider.issuer,
    });
  });

  it('ends with a log-out, and its session is good for nothing then', async () => {
    const { page, context } = open;
    await page.goto(lab.addresses.api);
    await isIn();
    const [session] = await context.cookies(lab.addresses.api);
    await logOut('ann');
    expect(await context.cookies(lab.addresses.api)).toEqual([]);
    if (session === undefined) throw new Error('there was no session');
    await context.addCookies([session]);
    await page.reload();
    await button().waitFor();
    open.complaints.length = 0; // of the session that is none any more
  });

  it('gives each the role of their groups, and says so where that is too little', async () => {
    const { page } = open;
    provider.person = 'bob';
    await afresh('/users');
    await button().click();
    await page.getByRole('heading', { name: 'You are viewer; this needs admin' }).waitFor();
    await logOut('bob');
  });

  it('refuses in words who has no role, and who does not agree', async () => {
    provider.person = 'sam';
    await afresh();
    await button().click();
    await alert(`your account at ${provider.issuer} has no role here`).waitFor();
    expect(await serious()).toEqual([]);
    expect(await lab.berth(['user', 'ls'])).not.toContain('sam');
    provider.person = 'nobody';
    await afresh();
    await button().click();
    await alert(`${provider.issuer} has refused: not today`).waitFor();
    provider.person = 'ann';
    open.complaints.length = 0; // of what was refused
  });

  it('takes an answer of the provider once, and in the browser alone that has asked', async () => {
    const { page } = open;
    await afresh();
    const [mine] = await Promise.all([sentBack(), button().click()]);
    await isIn();
    await logOut('ann');
    // Out of the history, or of somebody's log: it has been used.
    await page.goto(mine);
    await alert('this browser has begun no log-in').waitFor();
    await expect.poll(() => page.url()).not.toContain('code=');

    // An answer that is fresh and good, in a browser that has begun another log-in.
    await afresh();
    await page.route('**/v1/session/oidc/callback', (route) => route.abort());
    const [fresh] = await Promise.all([sentBack(), button().click()]);
    await page.getByRole('alert').waitFor();
    await page.unroute('**/v1/session/oidc/callback');
    const other = await openChromium();
    try {
      await other.page.goto(lab.addresses.api);
      await other.page.route(`${provider.issuer}/**`, (route) => route.fulfill({ body: 'the provider' }));
      await Promise.all([other.page.waitForURL(`${provider.issuer}/**`), button(other.page).click()]);
      await other.page.goto(fresh);
      await other.page.getByRole('alert').getByText('does not hold').waitFor();
      expect(await other.page.getByLabel('Password', { exact: true }).count()).toBe(1);
      // Whose it is gets in with it.
      await page.goto(fresh);
      await isIn();
      await logOut('ann');
    } finally {
      await other.close();
    }
    open.complaints.length = 0; // of what was refused
  });

  it('does not take what the provider has said in an earlier log-in', async () => {
    let kept: string | undefined;
    provider.lie = (req, res) => {
      if (req.url !== '/token') return false;
      if (kept !== undefined) {
        res.setHeader('content-type', 'application/json').end(kept);
        return true;
      }
      const end = res.end.bind(res) as (chunk: unknown) => ServerResponse;
      res.end = ((chunk: unknown) => {
        kept = String(chunk);
        return end(chunk);
      }) as typeof res.end;
      return false;
    };
    await afresh();
    await button().click();
    await isIn();
    await logOut('ann');
    await button().click();
    await alert('does not hold: unexpected JWT claim value').waitFor();
    provider.lie = undefined;
    open.complaints.length = 0; // of what was refused
  });

  it('goes on in another tab where a session has ended, and what was typed is still there', async () => {
    const { page, context } = open;
    await afresh();
    await button().click();
    await isIn();
    await page.goto(`${lab.addresses.api}/settings?tab=configs`);
    await page.getByRole('button', { name: 'New config' }).click();
    const form = page.getByRole('dialog', { name: 'New config' });
    await form.getByLabel('Name').fill('typed-before');
    await form.getByLabel('Content').fill('and not lost');
    await context.clearCookies({ name: '__Host-berth' });
    // What asks by itself may find out before it is sent.
    await form
      .getByRole('button', { name: 'Keep it' })
      .click({ timeout: 10_000 })
      .catch(() => undefined);
    const again = page.getByRole('dialog', { name: 'Log in to Berth' });
    await again.getByRole('link', { name: LABEL }).waitFor();
    expect(await serious()).toEqual([]);
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      again.getByRole('link', { name: LABEL }).click(),
    ]);
    await button(tab).click();
    await isIn(tab);
    await tab.close();
    await again.waitFor({ state: 'detached' });
    expect(await form.getByLabel('Name').inputValue()).toBe('typed-before');
    expect(await form.getByLabel('Content').inputValue()).toBe('and not lost');
    await form.getByRole('button', { name: 'Cancel' }).click();
    await logOut('ann');
    open.complaints.length = 0; // of requests without a session
  });

  it('says so where the provider is down, leads nobody there, and is right again when it is back', async () => {
    const { page } = open;
    await provider.close();
    // That it has just answered holds for five seconds.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await afresh();
    await button().click();
    await alert(`${provider.issuer} does not answer`).waitFor();
    await page.getByText('log in with a password meanwhile').waitFor();
    expect(page.url().startsWith(lab.addresses.api)).toBe(true);
    expect(await serious()).toEqual([]);
    // Passwords go on to work.
    await logIn(page, lab.addresses.api, lab.adminPassword ?? '');
    await logOut('admin');
    const { ca } = provider;
    provider = await start(port);
    // It has another certificate now, of a CA that nobody has told the manager of.
    expect(provider.ca).not.toBe(ca);
    await expect
      .poll(
        async () => {
          await button().click();
          return page.getByRole('alert').textContent();
        },
        { timeout: 60_000 },
      )
      .toMatch(/certificate/);
    await set();
    await button().click();
    await isIn();
    open.complaints.length = 0; // of what was not answered
  });

  it('tells the second of two who set it what the first has set', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/settings?tab=login`);
    await page.getByRole('button', { name: 'Change' }).click();
    const form = page.getByRole('dialog', { name: 'Log-in by a provider' });
    await form.getByLabel('Groups whose members are operator').fill('devs');
    await set('--otherwise', 'viewer');
    const told = form.getByRole('alert').filter({ hasText: 'Meanwhile' });
    await told.getByText('otherwise').waitFor();
    await told.getByText('viewer', { exact: true }).waitFor();
    const save = form.getByRole('button', { name: 'Ask it, and save' });
    await expect.poll(() => save.isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    await told.getByRole('button', { name: 'Go on with mine' }).click();
    await save.click();
    await form.waitFor({ state: 'detached' });
    await page.getByText('groups: devs').waitFor();
  });

  it('is taken away by its name, and the button with it', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/settings?tab=login`);
    await page.getByRole('button', { name: 'Remove' }).click();
    const ask = page.getByRole('dialog', { name: 'Let nobody log in by the provider any more?' });
    expect(await ask.getByRole('button', { name: 'Remove' }).isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    await ask.getByRole('textbox').fill(CLIENT.id);
    await ask.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('People log in with passwords of this cluster').waitFor();
    await logOut('ann');
    const ways = page.waitForResponse('**/v1/session/ways');
    await page.reload();
    await wholeAnswer(ways);
    await page.getByLabel('Password', { exact: true }).waitFor();
    expect(await serious()).toEqual([]);
    expect(await button().count()).toBe(0);
    expect(open.complaints).toEqual([]);
  });
});
