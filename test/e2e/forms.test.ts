import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { selfSigned } from '../lab/self-signed.ts';
import { sharedLab } from '../lab/shared.ts';

const STACK = 'form-shop';
const NET = 'form-net';
const BALANCER = 'form-crm';
const PERSON = 'form-eva';
const PASSWORD = 'a long enough password';
const NEW_PASSWORD = 'another one of theirs';
/** Of a click that may not come about, as a log-in is in front of it. */
const CLICK_MS = 10_000;

let lab: Lab;
let open: OpenPage;
/** Of the person, by now. */
let password = PASSWORD;
const folder = mkdtempSync(join(tmpdir(), 'berth-forms-'));

const FILE = `services:
  web: { image: "busybox:latest", command: sleep 100000, stop_grace_period: 0s }
`;

beforeAll(async () => {
  lab = await sharedLab();
  await clean();
  writeFileSync(join(folder, 'compose.yaml'), FILE);
  await lab.berth(['deploy', '-f', join(folder, 'compose.yaml'), '--name', STACK, '--detach']);
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet', '10.80.0.0/26', NET]);
  await lab.berth(['lb', 'create', BALANCER]);
  await lab.berth(['lb', 'attach', BALANCER, '192.0.2.1:80']);
  await lab.berth(['user', 'create', PERSON, '--role', 'admin', '--password-stdin'], { input: PASSWORD });
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, PASSWORD, PERSON);
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await clean();
  rmSync(folder, { recursive: true, force: true });
});

async function clean(): Promise<void> {
  for (const words of [
    `stack rm ${STACK} --yes`,
    `lb rm ${BALANCER} --yes`,
    `user rm ${PERSON} --yes`,
    'user rm form-new --yes',
    'cert rm form-cert --yes',
    'user rm form-bob --yes',
    'config rm form_config --yes',
    'secret rm form_secret --yes',
    `ip release ${NET} form-later`,
    'dns zone rm form.example.com --yes',
    'settings set --unset drainMs',
    'node label h2 form-',
  ])
    await lab.berth(words.split(' ')).catch(() => undefined);
  for (const network of [NET, 'form-made'])
    await lab.docker(['network', 'rm', network]).catch(() => undefined);
  await lab.docker(['volume', 'rm', 'form-data']).catch(() => undefined);
}

// What a test that failed has left open is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  console.log(open.page.url(), await open.page.locator('body').ariaSnapshot());
  await open.context.clearCookies();
  await logIn(open.page, lab.addresses.api, password, PERSON);
});

const dialog = (name: string): Locator => open.page.getByRole('dialog', { name, exact: true });
const button = (name: string): Locator => open.page.getByRole('button', { name, exact: true });
const row = (name: string): Locator => open.page.getByRole('row').filter({ hasText: name });
const go = (path: string) => open.page.goto(lab.addresses.api + path);

/** Where something is typed, with what, and how it is sent. */
type Form = Readonly<{
  what: string;
  path: string;
  /** Button that opens it; without one it is on the page. */
  opener?: string;
  /** Button in it that makes a field. */
  more?: string;
  /** Title, where it is over the page. */
  title?: string;
  /** By label. */
  typed: Readonly<Record<string, string>>;
  chosen?: Readonly<Record<string, string>>;
  send: string;
  /** What is seen once it was sent. */
  done(form: Locator): Locator;
}>;

const FORMS: readonly Form[] = [
  {
    what: 'a rule of a balancer',
    path: `/router/balancer/${BALANCER}`,
    ...{ opener: 'Set a rule', title: 'Set a rule' },
    chosen: { Rule: 'rate_limit' },
    typed: { Value: '100/10s' },
    send: 'Set',
    done: () => open.page.getByRole('listitem').filter({ hasText: '100/10s' }),
  },
  {
    what: 'a target of a balancer',
    path: `/router/balancer/${BALANCER}`,
    ...{ opener: 'Attach a target', title: 'Attach a target', send: 'Attach a target' },
    typed: { Target: '192.0.2.7:8080', Weight: '30' },
    done: () => open.page.getByRole('listitem').filter({ hasText: '192.0.2.7:8080' }).first(),
  },
  {
    what: 'a registry',
    path: '/settings?tab=registries',
    ...{ opener: 'Log in', title: 'Log in to a registry', send: 'Log in' },
    typed: { Registry: 'registry.invalid', User: 'eva', 'Password or token': 'of the registry' },
    // It was sent: a host has asked for it, and there is none.
    done: (form) => form.getByRole('alert').getByText('registry.invalid'),
  },
  {
    what: 'a config',
    path: '/settings?tab=configs',
    ...{ opener: 'New config', title: 'New config', send: 'Keep it' },
    typed: { Name: 'form_config', Content: 'first line\nsecond line' },
    done: () => row('form_config'),
  },
  {
    what: 'a secret',
    path: '/settings?tab=secrets',
    ...{ opener: 'New secret', title: 'New secret', send: 'Keep it' },
    typed: { Name: 'form_secret', Content: 'known to nobody' },
    done: () => row('form_secret'),
  },
  {
    what: 'a zone',
    path: '/settings?tab=dns',
    ...{ opener: 'New zone', title: 'New zone', send: 'Make it' },
    typed: { Zone: 'form.example.com', 'Addresses of all names that have no own record': '192.0.2.1' },
    done: () => button('New record'),
  },
  {
    what: 'a user',
    path: '/users',
    ...{ opener: 'New user', title: 'New user', send: 'Create' },
    typed: { Name: 'form-new', Password: 'a password for them' },
    chosen: { Role: 'operator' },
    done: () => row('form-new'),
  },
  {
    what: 'an API token',
    path: '/account',
    ...{ opener: 'New API token', title: 'New API token', send: 'Make it' },
    typed: { Name: 'form-token', 'Good for days': '7' },
    done: () => open.page.getByRole('region', { name: 'Token form-token' }),
  },
  {
    what: 'a network',
    path: '/networks',
    ...{ opener: 'Create a network', title: 'Create a network', send: 'Create' },
    typed: { Name: 'form-made', Subnet: '10.81.0.0/24' },
    done: () => open.page.getByRole('heading', { name: 'form-made' }),
  },
  {
    what: 'a reservation in a network',
    path: `/networks/${NET}`,
    ...{ opener: 'Reserve an address', title: `Reserve an address in ${NET}`, send: 'Reserve an address' },
    typed: { 'Name of the container': 'form-later', Address: '10.80.0.60' },
    done: () => open.page.getByRole('list', { name: 'reserved' }).getByText('form-later'),
  },
  {
    what: 'a volume',
    path: '/volumes',
    ...{ opener: 'Create a volume', title: 'Create a volume', send: 'Create' },
    typed: { Name: 'form-data' },
    done: () => open.page.getByRole('heading', { name: 'form-data' }),
  },
  {
    what: 'labels of a host',
    path: '/hosts/h2',
    opener: 'Edit the labels',
    more: 'Add a label',
    typed: { Label: 'form', 'Value form': 'kept' },
    send: 'Save',
    done: () => open.page.locator('.host-labels').getByText('form=kept'),
  },
  {
    what: 'rules of autoscaling',
    path: `/stacks/${STACK}/services/web/autoscaling`,
    typed: { 'Most containers': '3', 'Averages over, s': '90' },
    send: 'Set these rules',
    done: () => open.page.getByText(/from 1 to 3/).first(),
  },
  {
    what: 'a trigger',
    path: `/stacks/${STACK}/services/web/ways`,
    ...{ opener: 'Make a trigger', title: 'Make a trigger', send: 'Make it' },
    typed: { 'Name, which releases and histories have': 'form-ci' },
    done: () => open.page.getByRole('region', { name: 'URL of the trigger' }),
  },
  {
    what: 'the own password',
    path: '/account',
    typed: {
      'Password until now': PASSWORD,
      'New password': NEW_PASSWORD,
      'New password, again': NEW_PASSWORD,
    },
    send: 'Change it',
    done: () => open.page.getByText('Your password is changed'),
  },
];

describe('a session that ends in the middle of a form', () => {
  it.each(FORMS.map((form, at) => ({ ...form, bySelf: at % 2 === 0 })))(
    'loses nothing of $what, which is sent after a log-in',
    async ({ what, path, opener, more, title, typed, chosen = {}, send, done, bySelf }) => {
      const { page, context } = open;
      await go(path);
      if (opener !== undefined) await button(opener).first().click();
      const form = title === undefined ? page.getByRole('main') : dialog(title);
      if (more !== undefined) await form.getByRole('button', { name: more, exact: true }).click();
      const field = (label: string) => form.getByLabel(label, { exact: true }).last();
      const fields = Object.entries(typed);
      for (const [label, value] of Object.entries(chosen)) await form.getByLabel(label).selectOption(value);
      for (const [label, value] of fields) await field(label).fill(value);
      const again = dialog('Log in to Berth');
      if (bySelf)
        // The manager ends it, and the page finds out by itself.
        await page.evaluate(`fetch('/v1/session', { method: 'DELETE', headers: { 'berth-page': '1' } })`);
      else {
        // The browser has its cookie no more. What asks by itself may find out before it is sent.
        await context.clearCookies();
        await form
          .getByRole('button', { name: send, exact: true })
          .click({ timeout: CLICK_MS })
          .catch(() => undefined);
      }
      await again.waitFor();
      expect(await seriousFindings(open)).toEqual([]);
      await again.getByLabel('Password', { exact: true }).fill(password);
      await page.keyboard.press('Enter');
      await again.waitFor({ state: 'detached' });
      for (const [label, value] of fields) expect(await field(label).inputValue(), label).toBe(value);
      for (const [label, value] of Object.entries(chosen))
        expect(await form.getByLabel(label).inputValue(), label).toBe(value);
      await form.getByRole('button', { name: send, exact: true }).click();
      await done(form).waitFor();
      if (what === 'the own password') password = NEW_PASSWORD;
      open.complaints.length = 0; // of requests without a session
    },
  );

  it('loses no setting, either', async () => {
    const { page, context } = open;
    await go('/settings');
    await page.getByLabel('Time to end requests').fill('9000');
    await button('Review and save').click();
    const review = dialog('Save settings');
    await context.clearCookies();
    await review
      .getByRole('button', { name: 'Save' })
      .click({ timeout: CLICK_MS })
      .catch(() => undefined);
    const again = dialog('Log in to Berth');
    await again.getByLabel('Password', { exact: true }).fill(password);
    await page.keyboard.press('Enter');
    await again.waitFor({ state: 'detached' });
    await review.getByRole('row').filter({ hasText: 'drainMs' }).getByText('9000').waitFor();
    await review.getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 setting is saved').waitFor();
    expect((await lab.berth(['settings', 'get', 'drainMs'])).trim()).toBe('9000');
    open.complaints.length = 0; // of requests without a session
  });
});

describe('two people who change one thing', () => {
  const told = (form: Locator) => form.getByRole('alert').filter({ hasText: 'Meanwhile' });

  it('are told of a weight, and the second decides', async () => {
    const { page } = open;
    await go(`/router/balancer/${BALANCER}`);
    await button('What to do with 192.0.2.1:80').click();
    await page.getByRole('menuitem', { name: 'Weight' }).click();
    const form = dialog('Weight of 192.0.2.1:80');
    await form.getByLabel('Weight').fill('40');
    await lab.berth(['lb', 'weight', BALANCER, '192.0.2.1:80', '30']);
    await told(form).getByText('Meanwhile somebody has set it to “30”; you saw “100”.').waitFor();
    await expect.poll(() => form.getByRole('button', { name: 'Set', exact: true }).isDisabled()).toBe(true);
    expect(await form.getByLabel('Weight').inputValue()).toBe('40');
    expect(await seriousFindings(open)).toEqual([]);
    await form.getByRole('button', { name: 'Go on with mine' }).click();
    await form.getByRole('button', { name: 'Set', exact: true }).click();
    await form.waitFor({ state: 'detached' });
    expect(await lab.berth(['lb', 'inspect', BALANCER])).toMatch(/192\.0\.2\.1:80.*\b40\b/);
  });

  it('are told of a rule, and the second takes the other one’s', async () => {
    await go(`/router/balancer/${BALANCER}`);
    await button('Set a rule').click();
    const form = dialog('Set a rule');
    await form.getByLabel('Rule').selectOption('gzip');
    await form.getByLabel('Value').fill('false');
    await lab.berth(['lb', 'set', BALANCER, 'gzip=true']);
    await told(form).getByText('Meanwhile somebody has set it to “true”; you saw nothing.').waitFor();
    await form.getByRole('button', { name: 'Take theirs' }).click();
    await expect.poll(() => form.getByLabel('Value').inputValue()).toBe('true');
    await form.getByRole('button', { name: 'Cancel' }).click();
  });

  it('are told of a check', async () => {
    await go(`/router/balancer/${BALANCER}`);
    await button('Set').click();
    const form = dialog('Check of targets');
    await form.getByLabel('Check of targets').selectOption('http');
    await form.getByLabel('Path, answered with 2xx or 3xx').fill('/up');
    await lab.berth(['lb', 'set', BALANCER, '--check', 'none']);
    await told(form).getByText('Meanwhile somebody has set it to “none”; you saw “tcp”.').waitFor();
    expect(await form.getByLabel('Path, answered with 2xx or 3xx').inputValue()).toBe('/up');
    await form.getByRole('button', { name: 'Go on with mine' }).click();
    await form.getByRole('button', { name: 'Set', exact: true }).click();
    await form.waitFor({ state: 'detached' });
    await open.page.getByText('A request: /up').waitFor();
  });

  it('are told of a certificate', async () => {
    const { page } = open;
    await go('/router?tab=certificates');
    await button('Upload').click();
    const form = dialog('Upload a certificate');
    await form.getByLabel('Name').fill('form-cert');
    selfSigned(folder, 'theirs.example.com');
    const files = [
      '--chain',
      join(folder, 'theirs.example.com.pem'),
      '--key',
      join(folder, 'theirs.example.com.key'),
    ];
    await lab.berth(['cert', 'add', 'form-cert', ...files]);
    await told(form).getByText('has uploaded one of that name, for theirs.example.com').waitFor();
    const mine = selfSigned(folder, 'mine.example.com');
    await form.getByLabel('Certificate, and those that signed it').fill(mine.chain);
    await form.getByLabel('Private key').fill(mine.key);
    await expect.poll(() => form.getByRole('button', { name: 'Upload' }).isDisabled()).toBe(true);
    expect(await seriousFindings(open)).toEqual([]);
    await form.getByRole('button', { name: 'Go on with mine' }).click();
    await form.getByText('In place of the one for theirs.example.com').waitFor();
    await form.getByRole('button', { name: 'Upload' }).click();
    await row('form-cert').getByText('mine.example.com').waitFor();
    await form.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain('PRIVATE KEY-----');
  });

  it('are told of a role', async () => {
    const { page } = open;
    await lab.berth(['user', 'create', 'form-bob', '--role', 'viewer', '--password-stdin'], {
      input: PASSWORD,
    });
    await go('/users');
    await button('What to do with form-bob').click();
    await page.getByRole('menuitem', { name: 'Change the role' }).click();
    const form = dialog('Role of form-bob');
    await form.getByLabel('Role').selectOption('admin');
    await lab.berth(['user', 'role', 'form-bob', 'operator']);
    await told(form).getByText('Meanwhile somebody has made it operator; you saw viewer.').waitFor();
    await expect.poll(() => form.getByRole('button', { name: 'Set', exact: true }).isDisabled()).toBe(true);
    expect(await seriousFindings(open)).toEqual([]);
    await form.getByRole('button', { name: 'Take theirs' }).click();
    await expect.poll(() => form.getByLabel('Role').inputValue()).toBe('operator');
    await form.getByRole('button', { name: 'Cancel' }).click();
    expect(open.complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
  });
});
