import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { selfSigned } from '../lab/self-signed.ts';
import { sharedLab } from '../lab/shared.ts';

const USER = 'page-eva';
const BALANCER = 'page-crm';
const CERTIFICATE = 'page-cert';
const ZONE = 'page.example.com';

let lab: Lab;
let open: OpenPage;
let folder: string;

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'berth-admin-'));
  await clean();
  open = await openChromium();
  await logIn(open.page, `${lab.addresses.api}/`, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await clean();
  rmSync(folder, { recursive: true, force: true });
});

async function clean(): Promise<void> {
  for (const words of [
    `user rm ${USER} --yes`,
    `lb rm ${BALANCER} --yes`,
    `cert rm ${CERTIFICATE} --yes`,
    `dns zone rm ${ZONE} --yes`,
    'secret rm page_secret --yes',
    'settings set --unset drainMs --unset cpuOvercommit',
    'node uncordon h2',
  ])
    await lab.berth(words.split(' ')).catch(() => undefined);
}

// What a test that failed has left open is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await open.page.goto(lab.addresses.api);
});

const row = (name: string): Locator => open.page.getByRole('row').filter({ hasText: name });
const dialog = (name: string | RegExp): Locator => open.page.getByRole('dialog', { name });
const button = (name: string): Locator => open.page.getByRole('button', { name, exact: true });
const tab = (name: string) => open.page.getByRole('tab', { name, exact: true }).click();
const go = (name: string) =>
  open.page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
const more = async (label: string, item: string) => {
  await open.page.getByRole('button', { name: label, exact: true }).click();
  await open.page.getByRole('menuitem', { name: item }).click();
};
const serious = () => seriousFindings(open);
const setting = async (name: string) => (await lab.berth(['settings', 'get', name])).trim();

describe('the router in the dashboard', () => {
  it('makes a balancer, leads it somewhere, and shows its route', async () => {
    const { page } = open;
    await go('Router');
    await tab('Balancers');
    await button('New balancer').click();
    const make = dialog('New balancer');
    await make.getByLabel('Name').fill(BALANCER);
    expect(await serious()).toEqual([]);
    await make.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('heading', { name: BALANCER }).waitFor();
    await button('Attach a target').click();
    await dialog('Attach a target').getByLabel('Target').fill('192.0.2.1');
    await dialog('Attach a target').getByRole('button', { name: 'Attach a target' }).click();
    // What is wrong is said, and what was typed stays.
    await dialog('Attach a target').getByRole('alert').getByText('"192.0.2.1" is no target').waitFor();
    await dialog('Attach a target').getByLabel('Target').fill('192.0.2.1:80');
    await dialog('Attach a target').getByRole('button', { name: 'Attach a target' }).click();
    await page.getByText('gets requests').or(page.getByText('fails its check')).first().waitFor();
    await button('Add a domain or port').click();
    await dialog('Add a domain or port').getByRole('textbox').first().fill('crm.page.example.com');
    await dialog('Add a domain or port').getByRole('button', { name: 'Add a domain or port' }).click();
    await button('Set a rule').click();
    await dialog('Set a rule').getByLabel('Rule').selectOption('rate_limit');
    await dialog('Set a rule').getByLabel('Value').fill('100/10s');
    await dialog('Set a rule').getByRole('button', { name: 'Set', exact: true }).click();
    await dialog('Set a rule').waitFor({ state: 'detached' });
    await page.getByText('100/10s').waitFor();
    expect(await serious()).toEqual([]);
    await page.getByRole('link', { name: 'crm.page.example.com' }).click();
    await page.getByText('100 requests in 10 s').waitFor();
    await page.getByText('192.0.2.1:80').waitFor();
    expect(await serious()).toEqual([]);
  });

  it('finds routes by text', async () => {
    const { page } = open;
    await go('Router');
    await page.getByLabel('Filter by domain, path or service').fill(`crm.page ${BALANCER}`);
    await row('crm.page.example.com').getByRole('link', { name: BALANCER }).waitFor();
    await page.getByLabel('Filter by domain, path or service').fill('no such route');
    await page.getByRole('heading', { name: 'No route matches' }).waitFor();
    expect(await serious()).toEqual([]);
    await button('Clear the filter').click();
    await row('crm.page.example.com').waitFor();
  });

  it('uploads a certificate, and never shows its key again', async () => {
    const { page } = open;
    const { chain, key } = selfSigned(folder, 'crm.page.example.com');
    await go('Router');
    await tab('Certificates');
    await button('Upload').click();
    const form = dialog('Upload a certificate');
    await form.getByLabel('Name').fill(CERTIFICATE);
    await form.getByLabel('Certificate, and those that signed it').fill(chain);
    await form.getByLabel('Private key').fill('no key');
    await form.getByRole('button', { name: 'Upload' }).click();
    await form.getByRole('alert').waitFor();
    await form.getByLabel('Private key').fill(key);
    expect(await serious()).toEqual([]);
    await form.getByRole('button', { name: 'Upload' }).click();
    await row(CERTIFICATE).getByText('crm.page.example.com').waitFor();
    await form.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain('PRIVATE KEY-----');
    expect(await serious()).toEqual([]);
    await more(`What to do with ${CERTIFICATE}`, 'Remove');
    const ask = dialog(`Remove certificate ${CERTIFICATE}?`);
    await ask.getByRole('textbox').fill(CERTIFICATE);
    await ask.getByRole('button', { name: 'Remove' }).click();
    await row(CERTIFICATE).waitFor({ state: 'detached' });
    await tab('Ingress hosts');
    await row('h1').waitFor();
    expect(await serious()).toEqual([]);
  });
});

describe('events and the audit log in the dashboard', () => {
  it('show what happens as it happens, and what has happened to whom', async () => {
    const { page } = open;
    await go('Events');
    await lab.berth(['node', 'cordon', 'h2']);
    await page.getByText('Host h2 is ready and cordoned').first().waitFor();
    await page.getByLabel('Kind').selectOption('container');
    await page.getByText('cordoned').first().waitFor({ state: 'detached' });
    await page.getByLabel('Kind').selectOption('node');
    await button('Pause').click();
    await lab.berth(['node', 'uncordon', 'h2']);
    await page.getByText(/new events?$/).waitFor();
    await button('Follow').click();
    await page.getByText('Host h2 is ready', { exact: true }).first().waitFor();
    expect(await serious()).toEqual([]);
    // It is there still when the page is loaded again.
    await page.reload();
    await page.getByText('Host h2 is ready and cordoned').first().waitFor();

    await go('Audit log');
    await page.getByLabel('Done to').fill(BALANCER);
    await row('balancer.create').getByText('admin').waitFor();
    await page.getByLabel('Action').fill('balancer.create');
    await page.getByLabel('Result').selectOption('failed');
    await page.getByRole('heading', { name: 'No entry matches' }).waitFor();
    await button('Clear the filter').click();
    await row('node.uncordon').first().waitFor();
    expect(await serious()).toEqual([]);
    await button('Download').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'CSV' }).click(),
    ]);
    const text = readFileSync(String(await download.path()), 'utf8');
    expect(text.replace('\ufeff', '').split('\r\n')[0]).toBe('time,user,via,from,action,target,outcome');
    expect(text).toContain(`,balancer.create,${BALANCER},ok`);
  });
});

describe('users and tokens in the dashboard', () => {
  let password = '';

  it('makes a user, whose password is shown once', async () => {
    const { page } = open;
    await go('Users');
    await button('New user').click();
    await dialog('New user').getByLabel('Name').fill(USER);
    expect(await serious()).toEqual([]);
    await dialog('New user').getByRole('button', { name: 'Create' }).click();
    const shown = page.getByRole('region', { name: `Password of ${USER}` });
    password = String((await shown.textContent())?.trim());
    expect(password).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    expect(await serious()).toEqual([]);
    await button('I have it').click();
    await shown.waitFor({ state: 'detached' });
    await row(USER).getByText('viewer').waitFor();
    expect(await page.content()).not.toContain(password);
  });

  it('lets that user see, and says why what may not be done is not', async () => {
    const other = await openChromium();
    try {
      const { page } = other;
      await logIn(page, `${lab.addresses.api}/users`, password, USER);
      await page.getByRole('heading', { name: 'You are viewer; this needs admin' }).waitFor();
      await page.goto(`${lab.addresses.api}/router?tab=balancers`);
      const make = page.getByRole('button', { name: 'New balancer' });
      await expect.poll(() => make.getAttribute('aria-disabled')).toBe('true');
      expect(await make.getAttribute('aria-description')).toBe('You are viewer; this needs operator');
      await page.goto(`${lab.addresses.api}/settings`);
      const field = page.getByLabel('Time to end requests');
      await field.waitFor();
      expect(await field.isDisabled()).toBe(true);
      expect(await seriousFindings(other)).toEqual([]);
      // A token of one's own is everybody's to make and to revoke.
      await page.goto(`${lab.addresses.api}/account`);
      await page.getByRole('button', { name: 'New API token' }).click();
      const form = page.getByRole('dialog', { name: 'New API token' });
      await form.getByLabel('Name').fill('page-token');
      await form.getByRole('button', { name: 'Make it' }).click();
      const shown = page.getByRole('region', { name: 'Token page-token' });
      expect((await shown.textContent())?.trim()).toMatch(/^berth_api_[\w-]{43}$/);
      await page.getByRole('button', { name: 'I have it' }).click();
      await shown.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'What to do with page-token' }).click();
      await page.getByRole('menuitem', { name: 'Revoke' }).click();
      const revoke = page.getByRole('dialog', { name: 'Revoke page-token?' });
      expect(await revoke.getByRole('button', { name: 'Revoke' }).isDisabled()).toBe(true);
      await revoke.getByLabel('Type page-token to confirm').fill('page-token');
      await revoke.getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('row').filter({ hasText: 'page-token' }).waitFor({ state: 'detached' });
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download a certificate' }).click();
      const archive = String(await (await saved).path());
      await page.getByText(`A certificate is made for ${USER}`).waitFor();
      expect(execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).split('\n').slice(0, -1)).toEqual(
        ['ca.pem', 'cert.pem', 'key.pem', 'env.sh'].map((name) => `berth-bundle/${name}`),
      );
      expect(await page.content()).not.toContain('PRIVATE KEY');
      await page.getByLabel('Password until now').fill(password);
      await page.getByLabel('New password', { exact: true }).fill('another one of theirs');
      await page.getByLabel('New password, again').fill('another one of theirs');
      await page.getByRole('button', { name: 'Change it' }).click();
      await page.getByText('Your password is changed').waitFor();
      expect(await seriousFindings(other)).toEqual([]);
      // Its log-ins have ended with the old password, while the page was asking something.
      expect(other.complaints.filter((text) => !text.includes('status of 401'))).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('changes a role, keeps the last admin, and removes by name', async () => {
    const { page } = open;
    await go('Users');
    await more(`What to do with ${USER}`, 'Change the role');
    await dialog(`Role of ${USER}`).getByLabel('Role').selectOption('operator');
    await dialog(`Role of ${USER}`).getByRole('button', { name: 'Set' }).click();
    await row(USER).getByText('operator').waitFor();
    await tab('API tokens');
    await page.getByText('There are no API tokens').or(page.getByRole('table')).first().waitFor();
    expect(await serious()).toEqual([]);
    await tab('Join tokens');
    await page.getByText('There are no join tokens').or(page.getByRole('table')).first().waitFor();
    expect(await serious()).toEqual([]);
    await tab('Users');
    await more(`What to do with ${USER}`, 'Remove');
    const ask = dialog(`Remove user ${USER}?`);
    expect(await ask.getByRole('button', { name: 'Remove' }).isDisabled()).toBe(true);
    await ask.getByRole('textbox').fill(USER);
    await ask.getByRole('button', { name: 'Remove' }).click();
    await row(USER).waitFor({ state: 'detached' });
  });
});

describe('settings in the dashboard', () => {
  it('are saved after a look at what will be, and checked before', async () => {
    const { page } = open;
    await go('Settings');
    const field = page.getByLabel('Time to end requests');
    await field.fill('soon');
    await page.getByText('"soon" is not a number').waitFor();
    expect(await button('Review and save').isDisabled()).toBe(true);
    await field.fill('9000');
    await page.getByText('= 9 s').waitFor();
    expect(await serious()).toEqual([]);
    await button('Review and save').click();
    const review = dialog('Save settings');
    await review.getByRole('row').filter({ hasText: 'drainMs' }).getByText('9000').waitFor();
    await review.getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 setting is saved').waitFor();
    await review.waitFor({ state: 'detached' });
    expect(await setting('drainMs')).toBe('9000');
  });

  it('tell the second of two who change them what the first has changed', async () => {
    const { page } = open;
    await go('Settings');
    await page.getByLabel('Time to end requests').fill('8000');
    await lab.berth(['settings', 'set', 'drainMs=7000', 'cpuOvercommit=2']);
    const told = page.getByRole('alert').filter({ hasText: 'Somebody else has saved settings meanwhile' });
    const mine = told.getByRole('row').filter({ hasText: 'drainMs' });
    for (const text of ['9000', '7000', '8000']) await mine.getByText(text).waitFor();
    await told.getByRole('row').filter({ hasText: 'cpuOvercommit' }).waitFor();
    expect(await button('Review and save').isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    await told.getByRole('button', { name: 'Go on with mine' }).click();
    await button('Review and save').click();
    await dialog('Save settings').getByRole('button', { name: 'Save' }).click();
    // That what was saved before is saved may still be told.
    await expect.poll(() => setting('drainMs')).toBe('8000');
    await page.getByText('1 setting is saved').last().waitFor();
    // What the other one has changed beside it stays.
    expect(await setting('cpuOvercommit')).toBe('2');
  });

  it('that are typed stay while another page is looked at, which is told of what was saved meanwhile', async () => {
    const { page } = open;
    const field = page.getByLabel('Time to end requests');
    const elsewhere = async () => {
      await go('Events');
      await page.getByRole('heading', { name: 'Events', level: 1 }).waitFor();
    };
    await go('Settings');
    await field.fill('6000');
    await elsewhere();
    await page.goBack();
    await page.getByText('1 setting is changed').waitFor();
    await expect.poll(() => field.inputValue()).toBe('6000');
    await elsewhere();
    await lab.berth(['settings', 'set', 'drainMs=5000']);
    await go('Settings');
    const told = page.getByRole('alert').filter({ hasText: 'Somebody else has saved settings meanwhile' });
    const mine = told.getByRole('row').filter({ hasText: 'drainMs' });
    for (const text of ['8000', '5000', '6000']) await mine.getByText(text).waitFor();
    await told.getByRole('button', { name: 'Drop mine' }).click();
    await expect.poll(() => field.inputValue()).toBe('5000');
    await elsewhere();
    await go('Settings');
    await expect.poll(() => field.inputValue()).toBe('5000');
    await button('Review and save').waitFor({ state: 'detached' });
  });

  it('have secrets that nobody is shown, zones with records, and log-ins of registries', async () => {
    const { page } = open;
    await go('Settings');
    await tab('Secrets');
    await button('New secret').click();
    await dialog('New secret').getByLabel('Name').fill('page_secret');
    await dialog('New secret').getByLabel('Content').fill('known to nobody');
    await dialog('New secret').getByRole('button', { name: 'Keep it' }).click();
    await row('page_secret').getByText('nothing').waitFor();
    await dialog('New secret').waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain('known to nobody');
    expect(await serious()).toEqual([]);
    await tab('Configs');
    await page.getByText('There are no configs').or(page.getByRole('table')).first().waitFor();
    expect(await serious()).toEqual([]);
    await tab('DNS');
    await button('New zone').click();
    await dialog('New zone').getByLabel('Zone').fill(ZONE);
    await dialog('New zone').getByRole('button', { name: 'Make it' }).click();
    await dialog('New zone').waitFor({ state: 'hidden' });
    await page.getByLabel('Zone', { exact: true }).selectOption(ZONE);
    await button('Change the zone').click();
    const zone = dialog(`Change zone ${ZONE}`);
    await zone.getByLabel('Who may fetch it').fill('192.0.2.0/99');
    await zone.getByText('neither an IP address nor a network').waitFor();
    await zone.getByLabel('Who may fetch it').fill('192.0.2.0/24');
    expect(await serious()).toEqual([]);
    await zone.getByRole('button', { name: 'Save' }).click();
    await zone.waitFor({ state: 'hidden' });
    const zones = JSON.parse(await lab.berth(['dns', 'zone', 'ls', '--json'])) as { name: string }[];
    expect(zones.find(({ name }) => name === ZONE)).toMatchObject({ transfer: ['192.0.2.0/24'], ttl: 300 });
    await button('New record').click();
    await dialog('New record').getByLabel('Name').fill('www');
    await dialog('New record').getByLabel('Data').fill('192.0.2.7');
    await dialog('New record').getByRole('button', { name: 'Make it' }).click();
    await row('192.0.2.7').waitFor();
    expect(await serious()).toEqual([]);
    await tab('Registries');
    await button('Log in').click();
    await dialog('Log in to a registry').waitFor();
    expect(await serious()).toEqual([]);
    await dialog('Log in to a registry').getByRole('button', { name: 'Cancel' }).click();
    expect(open.complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
  });
});
