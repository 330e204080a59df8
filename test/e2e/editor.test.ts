import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { holding, logIn, type OpenPage, openChromium, seriousFindings, typeInDialog } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const STACK = 'editor-shop';
const VOLUME = `${STACK}_data`;
/** Its name on the page is a text, whatever is in it. */
const HTML = '<b>x</b>';

let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await sharedLab();
  await gone();
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await gone();
});

// What a test that failed has left open is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  console.log(await open.page.locator('main').textContent());
  await open.page.goto(lab.addresses.api);
});

async function gone(): Promise<void> {
  await lab.berth(['stack', 'rm', STACK, '--yes']).catch(() => undefined);
  await lab.berth(['volume', 'rm', VOLUME, '--yes']).catch(() => undefined);
}

const serious = () => seriousFindings(open);
const textbox = (): Locator => open.page.getByRole('textbox', { name: /^Text of / });
const problems = (): Locator => open.page.getByRole('region', { name: 'Problems' });
const changes = (): Locator => open.page.getByRole('region', { name: 'What a deployment changes' });
const review = (): Locator => open.page.getByRole('button', { name: 'Review and deploy' });
const dialog = (): Locator => open.page.getByRole('dialog');

async function write(text: string): Promise<void> {
  const { page } = open;
  await textbox().click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  // As it is pasted, without what the editor adds to keys that are pressed.
  await page.keyboard.insertText(text);
}

async function deploy(): Promise<void> {
  await review().click();
  await dialog().getByRole('button', { name: 'Deploy' }).click();
  await dialog().waitFor({ state: 'detached' });
}

const file = (more = '') => `# written in the page
services:
  web:
    image: busybox:latest
    command: sh -c "mkdir -p /www; echo hi >/www/index.html; exec httpd -f -p 8080 -h /www"
    depends_on: [db]
    healthcheck: { test: wget -qO- http://127.0.0.1:8080/, interval: 1s }
    labels: { berth.routing.port_8080: editor-shop.example.com, note: "${HTML}" }
    deploy: { replicas: 2 }
  db:
    image: busybox:latest
    command: sleep 100000
    stop_grace_period: 0s
    volumes: ["data:/data"]
${more}volumes: { data: {} }
`;

describe('the editor', () => {
  it('begins with what an empty page says', async () => {
    const { page } = open;
    await page.getByRole('navigation').getByRole('link', { name: 'Stacks' }).click();
    await page.getByRole('link', { name: 'New stack' }).first().click();
    await page.getByRole('heading', { name: 'What shall it be?' }).waitFor();
    expect(await serious()).toEqual([]);
    await page.getByRole('button', { name: /WordPress with MariaDB/ }).click();
    await problems().getByText('No mistake was found').waitFor();
    await changes().getByText('db_password').waitFor();
    await page.getByRole('button', { name: 'Variables' }).click();
    await textbox()
      .getByText(/DB_PASSWORD=\w{24}/)
      .waitFor();
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain(
      'DB_PASSWORD=',
    );
    expect(await serious()).toEqual([]);
  });

  it('copies the command and the call, with nothing of the variables', async () => {
    const { page, context } = open;
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: lab.addresses.api });
    const copied = async (item: RegExp) => {
      await page.getByRole('button', { name: 'Copy as' }).click();
      await page.getByRole('menuitem', { name: item }).click();
      const toast = page.locator('.toast').filter({ hasText: 'Copied' }).last();
      const text = (await toast.textContent()) ?? '';
      await page.keyboard.press('Escape');
      await toast.waitFor({ state: 'detached' });
      return { text, clipboard: await page.evaluate<string>('navigator.clipboard.readText()') };
    };
    await page.getByLabel('Name of the stack').fill(STACK);
    const line = await copied(/^Command line/);
    expect(line.clipboard).toBe(
      `berth deploy -f /srv/${STACK}/compose.yaml --name ${STACK} --env-file /srv/${STACK}/.env`,
    );
    expect(line.text).toContain(line.clipboard);
    const call = await copied(/^API call/);
    expect(call.clipboard).toContain('"variables":"<VARIABLES>"');
    expect(call.clipboard).not.toContain('DB_PASSWORD=');
    expect(call.text).toContain(`POST /v1/stacks/${STACK}/apply`);
    expect(call.text.length).toBeLessThan(260);
  });

  it('shows a mistake at its line, with its key, and goes there', async () => {
    const { page } = open;
    await page.getByRole('button', { name: 'compose.yaml' }).click();
    await page.getByLabel('Name of the stack').fill(STACK);
    await write(file().replace('depends_on', 'depend_on'));
    const mistake = problems().getByRole('button', { name: /compose\.yaml, line 6/ });
    await mistake.getByText('did you mean depends_on?').waitFor();
    await mistake.getByText('services.web.depend_on').waitFor();
    await page.locator('.cm-lint-marker-error').waitFor();
    await changes().getByText('Once there is no mistake left').waitFor();
    await expect.poll(() => review().isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    await mistake.click();
    await page.locator('.cm-activeLine').getByText('depend_on').waitFor();
  });

  it('completes keys and names', async () => {
    const { page } = open;
    await write('services:\n  db:\n    image: busybox\n  web:\n    ');
    await page.keyboard.type('heal');
    await page.locator('.cm-tooltip-autocomplete').getByText('healthcheck').waitFor();
    expect(await serious()).toEqual([]);
    await page.keyboard.press('Enter');
    await textbox().getByText('healthcheck:').waitFor();
    await write('services:\n  db:\n    image: busybox\n  web:\n    depends_on:\n      - ');
    await page.keyboard.press('Control+Space');
    await page.locator('.cm-tooltip-autocomplete').getByText('db', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('shows what will be before it is, deploys, and follows it until all is well', async () => {
    const { page } = open;
    await write(file());
    await changes().getByRole('listitem').filter({ hasText: 'web' }).getByText('new').waitFor();
    expect(await lab.berth(['stack', 'ls', '--json'])).not.toContain(STACK);
    await review().click();
    await dialog().getByText('volume').waitFor();
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Deploy' }).click();
    const progress = page.getByRole('region', { name: 'How it goes' });
    await progress.getByText(`${STACK} is deployed`).waitFor();
    await progress.getByText('editor-shop.example.com').waitFor();
    expect(await serious()).toEqual([]);
    await changes().getByText('Nothing: it is deployed as it stands here').waitFor();
    expect(await lab.berth(['stack', 'ls', '--json'])).toContain(STACK);
  });

  it('draws the stack, with how it is, and leads to its services', async () => {
    const { page } = open;
    await page.getByRole('link', { name: 'Its picture' }).click();
    const web = page.getByRole('link', {
      name: /^web\s*ready\s*2\/2.*found at editor-shop\.example\.com, waits for db, networks default$/,
    });
    await web.waitFor();
    await page.getByRole('link', { name: /^db\s*ready\s*1\/1.*volumes data/ }).waitFor();
    expect(await serious()).toEqual([]);
    await page.getByText('As text').click();
    await page.getByRole('listitem').filter({ hasText: 'waits for db' }).waitFor();
    await lab.berth(['service', 'scale', `${STACK}/web`, '1']);
    await page.getByRole('link', { name: /^web\s*ready\s*1\/1/ }).waitFor();
    await page.getByRole('link', { name: /^web\s*ready/ }).click();
    await page.getByRole('heading', { name: 'web', exact: true, level: 1 }).waitFor();
  });

  it('opens what was deployed as it was written, and shows what another text changes', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/stacks/${STACK}/edit`);
    await textbox().getByText('# written in the page').waitFor();
    // It was scaled by hand meanwhile.
    await changes().getByText('scale, set by hand').waitFor();
    await write(file().replace('replicas: 2', 'replicas: 3'));
    await changes().getByText('scale.replicas').waitFor();
    await page.getByText('not deployed').waitFor();
  });

  it('keeps what was typed over the end of a session, and over a reload', async () => {
    const { page, context } = open;
    // What asks by itself finds out once all is typed: the log-in has the keys from then on.
    const { held, letGo } = holding();
    await page.route('**/v1/**', async (route) => {
      await held;
      await route.continue();
    });
    try {
      await context.clearCookies();
      await write(file().replace('replicas: 2', 'replicas: 4'));
    } finally {
      letGo();
      await page.unroute('**/v1/**');
    }
    const login = page.getByRole('dialog', { name: 'Log in to Berth' });
    await login.waitFor();
    await login.getByLabel('Password', { exact: true }).fill(lab.adminPassword ?? '');
    await page.keyboard.press('Enter');
    await login.waitFor({ state: 'detached' });
    await textbox().getByText('replicas: 4').waitFor();
    await changes().locator('li', { hasText: 'scale.replicas' }).last().getByText('4').waitFor();
    open.complaints.length = 0; // of requests without a session
    await page.reload();
    await page.getByText('What you had typed').waitFor();
    await textbox().getByText('replicas: 4').waitFor();
    expect(await serious()).toEqual([]);
  });

  it('tells the second of two what the first has changed, and deploys on top of it', async () => {
    const { page } = open;
    const source = {
      ...{ folder: `/srv/${STACK}`, compose: ['compose.yaml'], variables: '', profiles: [] },
      files: [{ path: 'compose.yaml', text: file().replace('sleep 100000', 'sleep 90000') }],
    };
    const other = await open.context.request.post(`${lab.addresses.api}/v1/stacks/${STACK}/apply`, {
      headers: { 'berth-page': '1' },
      data: { source },
    });
    expect(other.status(), await other.text()).toBe(200);
    const told = page.getByRole('alert').filter({ hasText: 'has deployed another version of this stack' });
    await told.getByText('sleep 90000').waitFor();
    expect(await serious()).toEqual([]);
    // Whoever does not look is refused, with the reason.
    await review().click();
    await dialog().getByRole('button', { name: 'Deploy' }).click();
    await dialog()
      .getByText(/has been deployed since/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Cancel' }).last().click();
    await told.getByRole('button', { name: 'Keep mine, on top of theirs' }).click();
    await told.waitFor({ state: 'detached' });
    await deploy();
    await page.getByRole('region', { name: 'How it goes' }).getByText(`${STACK} is deployed`).waitFor();
    const answer = await open.context.request.get(`${lab.addresses.api}/v1/stacks/${STACK}`, {
      headers: { 'berth-page': '1' },
    });
    const { services } = (await answer.json()) as { services: { name: string; wanted: number }[] };
    expect(services.find(({ name }) => name === 'web')?.wanted).toBe(4);
  });

  it('takes away a service that the file has no more, once that was shown', async () => {
    const { page, complaints } = open;
    complaints.length = 0; // of what was refused before
    const withoutDb = file()
      .replace(/ {2}db:\n(?: {4}.*\n)+/, '')
      .replace('    depends_on: [db]\n', '');
    await write(withoutDb);
    const gone = changes().locator('.diff-removed').filter({ hasText: 'service db' });
    await gone.getByText('goes', { exact: true }).waitFor();
    expect(await serious()).toEqual([]);
    await review().click();
    await dialog().locator('.diff-removed').filter({ hasText: 'service db' }).waitFor();
    expect(await serious()).toEqual([]);
    // Nothing is done by looking.
    expect(await lab.berth(['service', 'ls'])).toContain(`${STACK}/db`);
    expect(await dialog().getByRole('button', { name: 'Deploy' }).isDisabled()).toBe(true);
    await typeInDialog(page, STACK);
    await dialog().getByRole('button', { name: 'Deploy' }).click();
    await dialog().waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'How it goes' }).getByText(`${STACK} is deployed`).waitFor();
    await expect.poll(() => lab.berth(['service', 'ls']), { timeout: 60_000 }).not.toContain(`${STACK}/db`);
    await expect
      .poll(() => lab.docker(['ps', '-aq', '--filter', `name=${STACK}_db`]), { timeout: 60_000 })
      .toBe('');
    expect(await lab.berth(['volume', 'ls', '-q'])).toContain(VOLUME);
    await page.goto(`${lab.addresses.api}/stacks/${STACK}`);
    await page.getByRole('link', { name: 'web', exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'db', exact: true }).count()).toBe(0);
    // How it goes may have asked for a service that was gone in that moment.
    expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
  });

  it('has the text read again when the manager is back', async () => {
    const { page, complaints } = open;
    await page.goto(`${lab.addresses.api}/stacks/${STACK}/edit`);
    await problems().getByText('No mistake was found').waitFor();
    await lab.killManager();
    try {
      await write('services: { web: { image: busybox, command: sleep 100000 } }');
      await problems().getByText('It could not be checked').waitFor();
    } finally {
      await lab.restartManager();
    }
    await problems().getByText('No mistake was found').waitFor();
    complaints.length = 0; // of what nobody has answered
  });

  it('says that somebody has removed the stack, and deploys it as a new one', async () => {
    const { page, complaints } = open;
    await lab.berth(['stack', 'rm', STACK, '--yes']);
    await page.getByRole('alert').getByText('was removed while you were writing').waitFor();
    expect(await serious()).toEqual([]);
    await page.getByRole('button', { name: 'Go on with mine, as a new stack' }).click();
    await changes().getByText('service web').waitFor();
    await deploy();
    expect(await lab.berth(['service', 'ls'])).toContain(`${STACK}/web`);
    complaints.length = 0; // of the stack that was gone
  });
});
