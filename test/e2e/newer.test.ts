import type { Route } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings, wholeAnswer } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

// What the page's manager is not yet is played by its answers, on their way to the page.
const NEWER = '99.1.0';
const AUDIT = /\/assets\/audit-[^/]*\.js$/;

let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await sharedLab();
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  await lab?.berth(['node', 'uncordon', 'h3']).catch(() => undefined);
});

const row = (name: string) => open.page.getByRole('row').filter({ hasText: name });
type Answer = Readonly<{ nodes: readonly { name: string }[]; settings: object }>;
async function answerAs(url: string, change: (answer: Answer) => object): Promise<void> {
  await open.page.route(url, async (route) => {
    try {
      const answer = await route.fetch();
      await route.fulfill({ json: change((await answer.json()) as Answer) });
    } catch {
      // The manager has gone, or the page that has asked.
      await route.abort().catch(() => undefined);
    }
  });
}

const link = (name: string) => open.page.getByRole('navigation').getByRole('link', { name });

it('tells that the manager is a newer one by now, and is of that version once it is loaded again', async () => {
  const { page } = open;
  const banner = page.getByRole('status').filter({ hasText: 'The manager is of version' });
  // It knows of which version it is itself before the manager is another.
  const asked = page.waitForResponse('**/v1/version');
  await page.reload();
  await wholeAnswer(asked);
  await link('Hosts').click();
  await row('h3').waitFor();
  expect(await banner.count()).toBe(0);
  await answerAs('**/v1/version', (answer) => ({ ...answer, version: NEWER, ofTomorrow: true }));
  await lab.killManager();
  try {
    await page.getByRole('alert').getByText('The manager does not answer').waitFor();
  } finally {
    await lab.restartManager();
  }
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await banner.getByText(`The manager is of version ${NEWER} now`).waitFor();
  // It goes on to show what is so.
  await lab.berth(['node', 'cordon', 'h3']);
  await row('h3').getByText('cordoned').waitFor();
  expect(await seriousFindings(open)).toEqual([]);
  await banner.getByRole('button', { name: 'Load again' }).click();
  await row('h3').getByText('cordoned').waitFor();
  await banner.waitFor({ state: 'detached' });
  open.complaints.length = 0; // of requests that nobody has answered
});

it('says that a part of it is there no more, and what to do', async () => {
  const { page } = open;
  // A file of the older version that is not on the newer manager. The router loads the whole page again by itself first:
  // that this does not help either is so where a proxy has kept the older page.
  let loads = 0;
  page.on('load', () => loads++);
  await page.route(AUDIT, (route) => route.fulfill({ status: 404, body: 'not there' }));
  await link('Audit log').click();
  await page.getByRole('heading', { name: 'This page has failed' }).waitFor();
  await expect.poll(() => loads).toBe(1);
  await page.getByRole('heading', { name: 'This page has failed' }).waitFor();
  expect(await seriousFindings(open)).toEqual([]);
  // The others go on.
  await link('Hosts').click();
  await row('h1').waitFor();
  await link('Audit log').click();
  await page.getByRole('heading', { name: 'This page has failed' }).waitFor();
  await page.unroute(AUDIT);
  await page.getByRole('main').getByRole('button', { name: 'Load again' }).click();
  await page.getByRole('heading', { name: 'Audit log' }).waitFor();
  open.complaints.length = 0; // of files that are not there
});

it('fetches a part once more whose fetch was cut', async () => {
  const { page } = open;
  let cuts = 0;
  const cut = (route: Route) => {
    cuts++;
    return route.abort('internetdisconnected');
  };
  await page.route('**/assets/code-editor-*.js', cut, { times: 1 });
  await page.goto(`${lab.addresses.api}/stacks/+new`);
  await page.getByRole('button', { name: /^An empty file/ }).click();
  await page.getByLabel(/^Text of /).waitFor();
  expect(cuts).toBe(1);
  open.complaints.length = 0; // of the fetch that was cut
});

it('shows words that it does not know as they are, and passes over what it has no place for', async () => {
  const { page } = open;
  await answerAs('**/v1/nodes', ({ nodes }) => ({
    nodes: nodes.map((node) =>
      node.name === 'h3' ? { ...node, state: 'hibernating', ofTomorrow: { depth: 3 } } : node,
    ),
    ofTomorrow: [1],
  }));
  await page.goto(`${lab.addresses.api}/hosts`);
  await row('h3').getByText('hibernating').waitFor();
  await row('h1').getByText('ready').waitFor();
  expect(await seriousFindings(open)).toEqual([]);
  await answerAs('**/v1/settings', (answer) => ({
    ...answer,
    settings: { ...answer.settings, settingOfTomorrow: 'x' },
  }));
  await page.goto(`${lab.addresses.api}/settings`);
  await page.getByLabel('Time to end requests').waitFor();
  expect(open.complaints).toEqual([]);
});
