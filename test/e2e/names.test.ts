import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

/** What a page that does not take care would run, turn round, or cut in two. */
const HTML = '<img src=x onerror=document.title="run">';
const ODD = `${HTML}\u202Eolleh🚢`;
const cut = (text: string, most: number) => text.slice(0, most);
/** Of the length that is the most in each place. */
const LONG = 'a'.repeat(255);
const NET = cut(`nm-${ODD}${LONG}`, 255);
const CONTAINER = cut(`nm-${LONG}`, 255);
const VOLUME = cut(`nm-v${LONG}`, 255);
const TOKEN = cut(`nm-${ODD}${LONG}`, 128);
const RESERVED = cut(`nm-r${LONG}`, 128);
const TRIGGER = cut(`nm-t${LONG}`, 32);
const STACK = 'nm-shop';
const SERVICE = cut(`nm-${LONG}`, 63);

let lab: Lab;
let open: OpenPage;
const folder = mkdtempSync(join(tmpdir(), 'berth-names-'));

const compose = `services:
  ${SERVICE}:
    image: busybox:latest
    command: ["sh", "-c", "echo \\"$$0\\"; sleep 100000", ${JSON.stringify(ODD + LONG)}]
    environment: { NOTE: ${JSON.stringify(ODD + LONG)} }
    labels: { note: ${JSON.stringify(ODD + LONG)} }
    stop_grace_period: 0s
`;

async function makeContainer(): Promise<void> {
  // By its ID, as the docker CLI takes a name with `=` for options of the network.
  const network = await lab.docker([
    ...['network', 'create', '-d', 'xoverlay', '--subnet', '10.82.0.0/26', NET],
  ]);
  await lab.docker(['volume', 'create', VOLUME]);
  await lab.docker([
    ...['run', '-d', '--name', CONTAINER, '--net', network, '-v', `${VOLUME}:/data`],
    ...['-l', `note=${ODD}`, '-e', `NOTE=${ODD}`],
    ...['busybox', 'sh', '-c', 'echo "$0"; sleep 100000', ODD],
  ]);
  await lab.berth(['ip', 'reserve', NET, RESERVED, '--ip', '10.82.0.60']);
}
async function makeStack(): Promise<void> {
  writeFileSync(join(folder, 'compose.yaml'), compose);
  await lab.berth(['deploy', '-f', join(folder, 'compose.yaml'), '--name', STACK, '--detach']);
  await lab.berth(['trigger', 'create', `${STACK}/${SERVICE}`, '--name', TRIGGER]);
}

beforeAll(async () => {
  lab = await sharedLab();
  await Promise.all([
    makeContainer(),
    makeStack(),
    lab.berth(['api-token', 'create', TOKEN]),
    lab.berth(['node', 'label', 'h3', `note=${cut(ODD + LONG, 255)}`]),
  ]);
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
  open.page.on('dialog', (dialog) => {
    open.complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await clean();
  rmSync(folder, { recursive: true, force: true });
});

async function clean(): Promise<void> {
  await Promise.allSettled([
    lab.berth(['stack', 'rm', STACK, '--yes']),
    lab
      .docker(['rm', '-f', CONTAINER])
      .then(() =>
        Promise.allSettled([lab.docker(['network', 'rm', NET]), lab.docker(['volume', 'rm', VOLUME])]),
      ),
    lab.berth(['node', 'label', 'h3', 'note-']),
    removeToken(),
  ]);
}
async function removeToken(): Promise<void> {
  const tokens = JSON.parse(await lab.berth(['api-token', 'ls', '--json'])) as { id: string; name: string }[];
  for (const { id, name } of tokens) if (name === TOKEN) await lab.berth(['api-token', 'rm', id, '--yes']);
}

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  console.log(open.page.url(), await open.page.locator('body').ariaSnapshot());
  await open.page.setViewportSize({ width: 1280, height: 800 });
  open.complaints.length = 0;
});

/**
 * What an odd name does to the page around it: what was made of its tags, what is wider than the page, and what stands
 * behind it in the same line without being kept from its mark, so that it is turned round with it.
 */
const HARM = `(() => {
  const harm = [];
  if (document.querySelector('img[src="x"]') !== null) harm.push('its tag is one of the page');
  if (document.title.startsWith('run')) harm.push('its script has run');
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 0) harm.push('the page is ' + wide + ' px wider than the window');
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    const at = data.indexOf('\\u202e');
    if (at < 0 || /^(SCRIPT|STYLE|TITLE|TEXTAREA)$/.test(parentElement.tagName)) continue;
    let line = parentElement;
    const isOpen = (one) => getComputedStyle(one).display === 'inline' && getComputedStyle(one).unicodeBidi === 'normal';
    while (isOpen(line)) line = line.parentElement;
    const range = document.createRange();
    range.setStartAfter(texts.currentNode);
    range.setEndAfter(line.lastChild);
    // Preformatted lines end what has been begun in them.
    const rest = range.toString().split('\\n')[0].trim();
    if (rest !== '' && !data.slice(at).includes('\\n')) harm.push('turned round with it: ' + rest.slice(0, 60) + ' in ' + line.outerHTML.slice(0, 200));
  }
  return harm;
})()`;

/** What is only there until the page has settled does not count. */
const expectNoHarm = () => expect.poll(() => open.page.evaluate(HARM), { timeout: 30_000 }).toEqual([]);

const PAGES: readonly (readonly [path: string, seen: string | RegExp])[] = [
  ['/networks', HTML],
  [`/networks/${encodeURIComponent(NET)}`, RESERVED],
  ['/containers', CONTAINER],
  [`/containers/${CONTAINER}`, CONTAINER],
  ['/volumes', VOLUME],
  [`/volumes/${VOLUME}`, VOLUME],
  ['/stacks', STACK],
  [`/stacks/${STACK}`, SERVICE],
  [`/stacks/${STACK}/picture`, SERVICE],
  [`/stacks/${STACK}/containers`, SERVICE],
  [`/stacks/${STACK}/logs`, HTML],
  [`/stacks/${STACK}/history`, SERVICE],
  [`/stacks/${STACK}/services/${SERVICE}`, HTML],
  [`/stacks/${STACK}/services/${SERVICE}/releases`, SERVICE],
  [`/stacks/${STACK}/services/${SERVICE}/ways`, TRIGGER],
  ['/hosts', 'h3'],
  ['/hosts/h3', HTML],
  ['/account', HTML],
  ['/events', CONTAINER],
  ['/audit', HTML],
  ['/topology', 'h3'],
  ['/', SERVICE],
  [`/stacks/${STACK}/services/${SERVICE}/autoscaling`, 'It does not scale by itself'],
  [`/stacks/${STACK}/edit`, SERVICE],
  ['/stacks/+new', 'WordPress with MariaDB'],
  ['/images', 'busybox'],
  ['/router', 'Balancers'],
  ['/router?tab=balancers', 'New balancer'],
  ['/router?tab=certificates', 'Have one by ACME'],
  ['/settings', 'Time to end requests'],
  ['/settings?tab=secrets', 'Secrets'],
  ['/settings?tab=registries', 'Registries'],
  ['/settings?tab=dns', 'DNS'],
  ['/users', 'admin'],
  ['/users?tab=tokens', HTML],
  ['/users?tab=join', 'Join tokens'],
];

it.each(PAGES)('are texts on %s, and shift nothing', async (path, seen) => {
  const { page } = open;
  await page.goto(lab.addresses.api + path);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.getByText(seen).first().waitFor({ state: 'attached' });
  await expectNoHarm();
  expect(await seriousFindings(open)).toEqual([]);
  // A telephone, and a screen of 4K.
  for (const [width, height] of [
    [360, 800],
    [3840, 2160],
  ] as const) {
    await page.setViewportSize({ width, height });
    await expectNoHarm();
    expect(await seriousFindings(open), `at ${width} px`).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  expect(open.complaints.splice(0)).toEqual([]);
});

it('are texts in the log, in what is inspected, in the palette and in what is asked', async () => {
  const { page } = open;
  await page.goto(`${lab.addresses.api}/containers/${CONTAINER}`);
  await page.getByRole('log').getByText(HTML).first().waitFor();
  await expectNoHarm();
  await page.getByRole('tab', { name: 'Inspect' }).click();
  await page.getByRole('region', { name: 'Inspect' }).getByText('onerror').waitFor();
  await expectNoHarm();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('nm-<img');
  await page.getByRole('option').filter({ hasText: HTML }).first().waitFor();
  await expectNoHarm();
  expect(await seriousFindings(open)).toEqual([]);
  await page.keyboard.press('Enter');
  // The page before has such a button, too.
  await page.getByRole('heading', { level: 1 }).filter({ hasText: HTML }).waitFor();
  await page.getByRole('button', { name: 'Remove' }).click();
  const ask = page.getByRole('dialog');
  await ask.getByText(HTML).first().waitFor();
  await expectNoHarm();
  expect(await seriousFindings(open)).toEqual([]);
  await ask.getByRole('button', { name: 'Cancel' }).click();
  await page.goto(`${lab.addresses.api}/account`);
  await page.getByRole('button', { name: `What to do with ${TOKEN}` }).click();
  await page.getByRole('menuitem', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByText(HTML).first().waitFor();
  await expectNoHarm();
  await page.getByRole('dialog').getByRole('textbox').fill(TOKEN);
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  // What is told afterwards has its name, too.
  await page.locator('.toast').getByText(HTML).waitFor();
  await expectNoHarm();
  expect(open.complaints).toEqual([]);
});
