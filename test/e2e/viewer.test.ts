import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { closeMenu, logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { until } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';

const STACK = 'view-shop';
const NET = 'view-net';
const BALANCER = 'view-crm';
const CONTAINER = 'view-one';
const SECRET = 'view_secret';
const CONFIG = 'view_config';
const VIEWER = 'view-eva';
const PASSWORD = 'a long enough password';
/** Nothing that a viewer is ever sent has one of them in it. */
const LEAKS = {
  environment: 'hunter-of-the-service',
  before: 'hunter-of-the-first-release',
  container: 'hunter-of-the-container',
  secret: 'hunter-of-the-secret',
  config: 'hunter-of-the-config',
  kept: 'hunter-of-the-kept-secret',
  keptConfig: 'hunter-of-the-kept-config',
  variable: 'hunter-of-the-variables',
} as const;

let lab: Lab;
let open: OpenPage;
const folder = mkdtempSync(join(tmpdir(), 'berth-viewer-'));
/** All that the manager has answered to the viewer's page, and what it was asked. */
const answered: { what: string; text: string }[] = [];

const compose = (token: string) => `services:
  web:
    image: busybox:latest
    command: sh -c "exec httpd -f -p 8080 -h /etc"
    environment: { TOKEN: ${token}, OTHER: "\${OTHER}" }
    labels: { berth.release: blue-green, berth.routing.port_8080: view-shop.example.com }
    stop_grace_period: 0s
    secrets: [key]
    configs: [settings]
  nightly:
    image: busybox:latest
    command: echo done
    labels: { berth.cron: "0 3 * * *" }
secrets: { key: { file: ./key.txt } }
configs: { settings: { file: ./settings.txt } }
`;
async function deploy(token: string): Promise<void> {
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, compose(token));
  writeFileSync(join(folder, 'key.txt'), LEAKS.secret);
  writeFileSync(join(folder, 'settings.txt'), LEAKS.config);
  writeFileSync(join(folder, '.env'), `OTHER=${LEAKS.variable}\n`);
  await lab.berth(['deploy', '-f', file, '--name', STACK, '--detach']);
}
async function clean(): Promise<void> {
  await Promise.allSettled([
    lab.berth(['stack', 'rm', STACK, '--yes']),
    lab.berth(['lb', 'rm', BALANCER, '--yes']),
    lab.berth(['user', 'rm', VIEWER, '--yes']),
    lab.berth(['secret', 'rm', SECRET, '--yes']),
    lab.berth(['config', 'rm', CONFIG, '--yes']),
    lab.docker(['rm', '-f', CONTAINER]).then(() => lab.docker(['network', 'rm', NET])),
  ]);
}
const state = async () =>
  (
    JSON.parse(await lab.berth(['release', 'status', `${STACK}/web`, '--json'])) as {
      release: { state: string; number: number };
    }
  ).release;

const reached = (number: number, wanted: string) =>
  until(
    `release ${number} that is ${wanted}`,
    async () => {
      const now = await state();
      return now.number === number && now.state === wanted ? true : undefined;
    },
    { timeoutMs: 180_000, everyMs: 1000 },
  );

async function makeReleases(): Promise<void> {
  await deploy(LEAKS.before);
  await reached(1, 'done');
  await deploy(LEAKS.environment);
  await reached(2, 'waiting');
}
async function makeOthers(): Promise<void> {
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet', '10.79.0.0/26', NET]);
  await lab.docker([
    ...['run', '-d', '--name', CONTAINER, '--net', NET, '-e', `TOKEN=${LEAKS.container}`],
    ...['busybox', 'sleep', '100000'],
  ]);
  await lab.berth(['ip', 'reserve', NET, 'view-later', '--ip', '10.79.0.60']);
  await lab.berth(['lb', 'create', BALANCER]);
  await lab.berth(['lb', 'attach', BALANCER, '192.0.2.1:80']);
  await lab.berth(['lb', 'listen', BALANCER, 'view-crm.example.com']);
  await lab.berth(['lb', 'set', BALANCER, 'rate_limit=100/10s']);
  await lab.berth(['secret', 'create', SECRET, '-'], { input: LEAKS.kept });
  await lab.berth(['config', 'create', CONFIG, '-'], { input: LEAKS.keptConfig });
  await lab.berth(['user', 'create', VIEWER, '--password-stdin'], { input: PASSWORD });
}

beforeAll(async () => {
  lab = await sharedLab();
  await Promise.all([makeReleases(), makeOthers()]);
  open = await openChromium();
  open.page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    // A stream ends with the page; what it has said is on the page.
    if (!pathname.startsWith('/v1/') || pathname === '/v1/events') return;
    void response.text().then(
      (text) => answered.push({ what: `${response.request().method()} ${pathname}`, text }),
      () => undefined,
    );
  });
  await logIn(open.page, lab.addresses.api, PASSWORD, VIEWER);
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await clean();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    console.log(open.page.url(), await open.page.locator('body').ariaSnapshot());
});

const main = (): Locator => open.page.getByRole('main');
const go = (path: string) => open.page.goto(lab.addresses.api + path);
const OPERATOR = 'You are viewer; this needs operator';
const ADMIN = 'You are viewer; this needs admin';

/** Heads of columns by which a list is sorted. */
const SORT = /^(Name|CPU|Memory)/;

/** It is there, does nothing, and says why. */
async function refused(name: string, why: string): Promise<void> {
  const button = main().getByRole('button', { name, exact: true }).first();
  await button.waitFor();
  expect(await button.getAttribute('aria-disabled'), name).toBe('true');
  expect(await button.getAttribute('aria-description'), name).toBe(why);
  const { page } = open;
  const before = page.url();
  await button.click({ force: true });
  await button.focus();
  await page.keyboard.press('Enter');
  expect(await page.getByRole('dialog').count(), name).toBe(0);
  expect(page.url(), name).toBe(before);
}

/** In a row's menu it is disabled, and says why. */
async function refusedIn(menu: string, item: string | RegExp, why: string): Promise<void> {
  const { page } = open;
  await main().getByRole('button', { name: menu, exact: true }).first().click();
  const found = page.getByRole('menuitem', { name: item });
  await found.getByText(why).waitFor();
  expect(await found.isDisabled(), String(item)).toBe(true);
  await closeMenu(page);
}

/** Buttons that a viewer can press here, beside those that only look. */
async function pressable(): Promise<string[]> {
  const names = (await open.page.evaluate(
    `[...document.querySelectorAll('main button:not([role=tab])')]
      .filter((one) => one.checkVisibility())
      .filter((one) => !one.disabled && one.getAttribute('aria-disabled') !== 'true')
      .map((one) => one.getAttribute('aria-label') ?? one.textContent)`,
  )) as string[];
  return names.map((name) => name.trim());
}

/** What every page of a viewer is looked at for. */
async function look(...known: readonly (string | RegExp)[]): Promise<void> {
  expect(await seriousFindings(open)).toEqual([]);
  const isKnown = (name: string) =>
    ['Copy as', ...known].some((one) => (typeof one === 'string' ? one === name : one.test(name)));
  expect((await pressable()).filter((name) => !isKnown(name))).toEqual([]);
  const text = await open.page.content();
  for (const [what, leak] of Object.entries(LEAKS)) expect(text.includes(leak), what).toBe(false);
}

describe('a viewer', () => {
  it('sees stacks, and neither makes, edits nor removes one', async () => {
    const { page } = open;
    await go('/stacks');
    await page.getByRole('link', { name: STACK }).waitFor();
    await refused('New stack', OPERATOR);
    await look();
    await go(`/stacks/${STACK}`);
    await refused('Edit', OPERATOR);
    await refused('Remove', OPERATOR);
    await look();
    for (const [path, title] of [
      ['/stacks/+new', 'New stack'],
      [`/stacks/${STACK}/edit`, `Edit ${STACK}`],
    ] as const) {
      await go(path);
      await page.getByRole('heading', { name: 'Deploying needs the role operator' }).waitFor();
      expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual([title]);
      expect(await page.getByRole('textbox').count()).toBe(0);
      await look();
    }
    for (const tab of ['picture', 'containers', 'logs', 'history']) {
      await go(`/stacks/${STACK}/${tab}`);
      await page.getByRole('heading', { name: STACK, exact: true }).waitFor();
      await page.waitForLoadState();
      expect(await seriousFindings(open)).toEqual([]);
    }
  });

  it('sees a service and a release that waits, and changes nothing of them', async () => {
    const { page } = open;
    await go(`/stacks/${STACK}/services/web`);
    for (const name of ['Confirm release', 'Restart', 'Roll back']) await refused(name, OPERATOR);
    const why = 'Your role may look at this, not change it: operator may.';
    await main().locator('.weight').getByText(why).waitFor();
    await expect.poll(() => main().getByText(why).count()).toBe(2);
    for (const name of [`Containers of ${STACK}/web`, /Per cent of the requests/]) {
      expect(await main().getByRole('textbox', { name }).isDisabled()).toBe(true);
      // A slider that is disabled has nothing to take hold of.
      expect(await main().getByRole('slider', { name }).count()).toBe(0);
    }
    await look();
    await go(`/stacks/${STACK}/services/web/releases`);
    await page.getByText('1 field has changed').click();
    const changed = page.getByRole('list', { name: 'What release 2 has changed' });
    await changed.getByText('TOKEN=(hidden)').first().waitFor();
    await refused('Bring back', OPERATOR);
    await look(/field/);
    await go(`/stacks/${STACK}/services/web/autoscaling`);
    await main().getByText(why).waitFor();
    expect(await main().getByRole('button', { name: 'Set these rules' }).isDisabled()).toBe(true);
    await look();
    await go(`/stacks/${STACK}/services/web/ways`);
    await refused('Make a trigger', OPERATOR);
    await look();
    await go(`/stacks/${STACK}/services/nightly`);
    await refused('Run now', OPERATOR);
    await look();
  });

  it('sees routes and balancers, and changes neither', async () => {
    const { page } = open;
    await go('/router');
    await page.getByRole('row').filter({ hasText: 'view-shop.example.com' }).waitFor();
    await look(/^(Search|Clear the filter)/);
    await go('/router?tab=balancers');
    await refused('New balancer', OPERATOR);
    await look();
    await go('/router?tab=certificates');
    await refused('Upload', OPERATOR);
    await refused('Have one by ACME', OPERATOR);
    await look(/^What to do with/);
    await go(`/router/balancer/${BALANCER}`);
    for (const name of ['Add a domain or port', 'Attach a target', 'Set a rule', 'Set', 'Remove'])
      await refused(name, OPERATOR);
    await refusedIn('What to do with 192.0.2.1:80', 'Detach', OPERATOR);
    await refusedIn('What to do with view-crm.example.com', 'Take away', OPERATOR);
    await refusedIn('What to do with rate_limit', 'Take the rule rate_limit away', OPERATOR);
    await look(/^What to do with/);
  });

  it('sees networks, images and volumes, and changes none', async () => {
    const { page } = open;
    await go('/networks');
    await page.getByRole('link', { name: NET }).waitFor();
    await refused('Create a network', OPERATOR);
    await refused('Test reachability', OPERATOR);
    await look();
    await page.getByRole('link', { name: NET }).click();
    await page.getByRole('row').filter({ hasText: CONTAINER }).waitFor();
    for (const name of ['Test reachability', 'Connect a container', 'Remove']) await refused(name, OPERATOR);
    await refused(`Disconnect ${CONTAINER}`, OPERATOR);
    await refused('Release the reservation of view-later', OPERATOR);
    await page.getByRole('button', { name: /^10\.79\.0\.50 free/ }).click();
    await refused('Reserve 10.79.0.50', OPERATOR);
    await look(/^10\.79\.0\.\d+ /, /^$/);
    await go('/images');
    await refused('Remove busybox:latest', OPERATOR);
    await refused('Pull an image', OPERATOR);
    await look('Measure', /^Remove /);
    await go('/volumes');
    await refused('Create a volume', OPERATOR);
  });

  it('sees a container, without what its environment holds, its files and its terminal', async () => {
    const { page } = open;
    await go(`/containers?q=${CONTAINER}`);
    await refusedIn(`What to do with ${CONTAINER}`, 'Stop', OPERATOR);
    await page.getByRole('checkbox', { name: `Select ${CONTAINER}` }).check();
    for (const name of ['Start', 'Stop', 'Restart', 'Remove']) await refused(name, OPERATOR);
    await look(/^What to do with/, SORT, 'Clear the selection');
    await go(`/containers/${CONTAINER}`);
    for (const name of ['Restart', 'Stop', 'Remove']) await refused(name, OPERATOR);
    await main().getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menu').getByText(OPERATOR).waitFor();
    for (const item of await page.getByRole('menuitem').all()) expect(await item.isDisabled()).toBe(true);
    await closeMenu(page);
    await page.getByRole('tab', { name: 'Inspect' }).click();
    await page.getByRole('region', { name: 'Inspect' }).getByText('TOKEN=(hidden)').waitFor();
    await look('More');
    await page.getByRole('tab', { name: 'Files' }).click();
    await main().getByText(OPERATOR).waitFor();
    await look('More');
    await page.getByRole('tab', { name: 'Terminal' }).click();
    await refused('Open a terminal', OPERATOR);
    await look('More');
  });

  it('sees settings, configs and that there are secrets, and neither contents nor log-ins', async () => {
    const { page } = open;
    await go('/settings');
    await main().getByText(ADMIN).waitFor();
    expect(await page.getByLabel('Time to end requests').isDisabled()).toBe(true);
    await look();
    for (const [tab, make, name] of [
      ['configs', 'New config', CONFIG],
      ['secrets', 'New secret', SECRET],
    ] as const) {
      await go(`/settings?tab=${tab}`);
      await refused(make, OPERATOR);
      await refusedIn(`What to do with ${name}`, 'Remove', OPERATOR);
      await look(/^What to do with/);
    }
    for (const [tab, why] of [
      ['registries', OPERATOR],
      ['login', ADMIN],
    ] as const) {
      await go(`/settings?tab=${tab}`);
      await page.getByRole('heading', { name: why }).waitFor();
      await look();
    }
    for (const path of ['/users', '/audit']) {
      await go(path);
      await page.getByRole('heading', { name: ADMIN }).waitFor();
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      await look();
    }
    await go('/hosts');
    await refused('Add a host', ADMIN);
    await refusedIn('What to do with h2', 'Drain', ADMIN);
    await look(/^What to do with/, SORT);
    await go('/hosts/h2');
    await refused('Cordon', ADMIN);
    await refused('Drain', ADMIN);
  });

  it('is refused the same by the manager, in the session of the page', async () => {
    const { page } = open;
    const ask = (method: string, path: string, body?: unknown) =>
      page.evaluate(
        `fetch(${JSON.stringify(path)}, { method: ${JSON.stringify(method)}, headers: { 'berth-page': '1', 'content-type': 'application/json' },
          ${body === undefined ? '' : `body: ${JSON.stringify(JSON.stringify(body))}`} }).then(async (answer) => answer.status + ' ' + (await answer.text()))`,
      ) as Promise<string>;
    const service = `/v1/stacks/${STACK}/services/web`;
    for (const [method, path, body] of [
      ['GET', `/v1/stacks/${STACK}/source`],
      ['DELETE', `/v1/stacks/${STACK}`],
      ['POST', `${service}/scale`, { replicas: 3 }],
      ['POST', `${service}/confirm`, {}],
      ['PUT', `${service}/autoscale`, { scaling: { kind: 'off' } }],
      ['POST', '/v1/balancers', { name: 'mine' }],
      ['PATCH', `/v1/balancers/${BALANCER}`, { sticky: true }],
      ['DELETE', `/v1/networks/${NET}`],
      ['POST', `/v1/networks/${NET}/reservations`, { name: 'mine' }],
      ['POST', `/v1/containers/${CONTAINER}/terminal`, { command: ['sh'], columns: 80, rows: 24 }],
      ['POST', `/v1/files/config`, { name: 'mine', content: 'eA==' }],
      ['PATCH', '/v1/settings', { drainMs: 1 }],
      ['GET', '/v1/users'],
      ['GET', '/v1/audit'],
      ['GET', '/v1/registries'],
    ] as const) {
      const answer = await ask(method, path, body);
      // What there is not says nothing either: only that these are refused counts.
      expect(answer, `${method} ${path}`).toMatch(/^403 .*(viewer|needs)/);
    }
    // A config that is asked for by its name comes without what is in it.
    for (const [noun, name] of [
      ['config', CONFIG],
      ['secret', SECRET],
    ])
      expect(await ask('GET', `/v1/files/${noun}/${name}`)).toMatch(/^200 (?!.*"content")/);
    expect(await state()).toMatchObject({ number: 2, state: 'waiting' });
  });

  it('has been sent nothing that is secret', () => {
    expect(answered.length).toBeGreaterThan(50);
    for (const [what, leak] of Object.entries(LEAKS))
      expect(
        answered
          .filter(({ text }) => text.includes(leak) || text.includes(Buffer.from(leak).toString('base64')))
          .map((one) => one.what),
        what,
      ).toEqual([]);
  });
});
