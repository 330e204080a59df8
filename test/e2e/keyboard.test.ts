import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const STACK = 'key-shop';
const WEB = `${STACK}/web`;

let lab: Lab;
let open: OpenPage;

const file = (note: string) => `services:
  web:
    image: busybox:latest
    command: sh -c "exec httpd -f -p 8080 -h /etc"
    environment: { NOTE: ${note} }
    labels: { berth.release: blue-green, berth.routing.port_8080: key-shop.example.com }
    stop_grace_period: 0s
    deploy: { replicas: 2 }
`;

beforeAll(async () => {
  lab = await sharedLab();
  await clean();
  open = await openChromium();
  // Nothing here may move it, press it, or touch.
  const { mouse, touchscreen } = open.page;
  for (const one of [mouse, touchscreen])
    for (const name of ['move', 'down', 'up', 'click', 'wheel', 'tap'])
      Object.defineProperty(one, name, {
        value: () => Promise.reject(new Error(`${name}: there is no mouse here`)),
      });
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await clean();
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  console.log(open.page.url(), await focused(), await open.page.locator('body').ariaSnapshot());
  // What a test that failed has left open is not the next one's.
  await open.page.goto(lab.addresses.api);
});

async function clean(): Promise<void> {
  await lab.berth(['stack', 'rm', STACK, '--yes']).catch(() => undefined);
}

const press = (key: string) => open.page.keyboard.press(key);
const type = (text: string) => open.page.keyboard.type(text);
const NAME_OF = `((one) =>
  (one?.getAttribute('aria-label') ?? one?.labels?.[0]?.textContent ?? one?.textContent ?? '').trim())`;
/** What is said of what the keys are on. */
const focused = () => open.page.evaluate(`${NAME_OF}(document.activeElement)`) as Promise<string>;
/** What is said of all that keys may be on. */
const focusable = () =>
  open.page.evaluate(
    `[...document.querySelectorAll('a, button, input, select, textarea, [tabindex], [contenteditable]')]
      .filter((one) => one.checkVisibility()).map(${NAME_OF})`,
  ) as Promise<string[]>;

/** By Tab alone, as often as it takes, once it is there; whoever cannot see where they are is lost. */
async function tabTo(name: string | RegExp, key = 'Tab'): Promise<void> {
  const is = (now: string) => (typeof name === 'string' ? now === name : name.test(now));
  await expect.poll(async () => (await focusable()).some(is), { message: `${name} to be there` }).toBe(true);
  const passed: string[] = [];
  for (let i = 0; i < 150; i++) {
    const now = await focused();
    if (is(now)) {
      const outline = (await open.page.evaluate(`(() => {
        const one = document.activeElement;
        const { outlineStyle, boxShadow, borderColor } = getComputedStyle(one);
        return one.matches(':focus-visible') && (outlineStyle !== 'none' || boxShadow !== 'none' || /INPUT|TEXTAREA|SELECT/.test(one.tagName) || one.isContentEditable);
      })()`)) as boolean;
      expect(outline, `what is seen of the focus on ${now}`).toBe(true);
      return;
    }
    passed.push(now.slice(0, 40));
    await press(key);
  }
  throw new Error(`Tab does not lead to ${name}; it leads to: ${passed.join(' | ')}`);
}

async function palette(text: string, option: string | RegExp): Promise<void> {
  await press('Control+k');
  await open.page.getByRole('dialog').locator('[role="combobox"]:focus').waitFor();
  await type(text);
  await open.page.getByRole('option', { name: option }).first().waitFor();
  const chosen = open.page.getByRole('option', { name: option, selected: true });
  for (let i = 0; i < 30 && (await chosen.count()) === 0; i++) await press('ArrowDown');
  expect(await chosen.count(), text).toBe(1);
  await press('Enter');
}

/** Into the editor, all of it anew, and out again. */
async function write(text: string): Promise<void> {
  await tabTo(/^Text of /);
  await press('Control+a');
  await press('Delete');
  await open.page.keyboard.insertText(text);
}

const dialog = (name: string) => open.page.getByRole('dialog', { name });
const release = async () =>
  (
    JSON.parse(await lab.berth(['release', 'status', WEB, '--json'])) as {
      release: { number: number; state: string };
    }
  ).release;

describe('without a mouse', () => {
  it('somebody logs in, and deploys a stack', async () => {
    const { page } = open;
    await page.goto(lab.addresses.api);
    await tabTo('User');
    await type('admin');
    await tabTo('Password');
    await type(lab.adminPassword ?? '');
    await press('Enter');
    await page.getByRole('navigation').getByText('Live').waitFor();
    await palette('new stack', 'New stack');
    await page.getByRole('heading', { name: 'What shall it be?' }).waitFor();
    await tabTo(/^An empty file|^Empty/);
    await press('Enter');
    await tabTo('Name of the stack');
    await press('Control+a');
    await type(STACK);
    await write(file('first'));
    await page.getByRole('region', { name: 'Problems' }).getByText('No mistake was found').waitFor();
    // As the note below the text says.
    await press('Control+Enter');
    await dialog(`Deploy ${STACK}`).waitFor();
    await tabTo('Deploy');
    await press('Enter');
    await dialog(`Deploy ${STACK}`).waitFor({ state: 'detached' });
    await page.waitForURL(`**/stacks/${STACK}/edit`);
    await page.getByRole('region', { name: 'How it goes' }).getByText(`${STACK} is deployed`).waitFor();
    expect(await seriousFindings(open)).toEqual([]);
  });

  it('leaves the text by Escape and Tab, in both directions', async () => {
    await tabTo(/^Text of /);
    await press('Escape');
    await press('Tab');
    expect(await focused()).not.toMatch(/^Text of /);
    await tabTo(/^Text of /, 'Shift+Tab');
    await press('Escape');
    await press('Shift+Tab');
    expect(await focused()).not.toMatch(/^Text of /);
  });

  it('writes nothing into a text whose review is about to open, and finds things from within it', async () => {
    const { page } = open;
    await tabTo(/^Text of /);
    const text = () => page.locator('.cm-content').textContent();
    const before = await text();
    await page.evaluate(`(async () => {
      const text = document.activeElement;
      const key = (more) => text.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...more }));
      key({ key: 'Enter', code: 'Enter', keyCode: 13, ctrlKey: true });
      for (let i = 0; i < 10; i++) await undefined;
      key({ key: 'Tab', code: 'Tab', keyCode: 9 });
    })()`);
    await dialog(`Deploy ${STACK}`).waitFor();
    await tabTo('Deploy');
    await press('Escape');
    await dialog(`Deploy ${STACK}`).waitFor({ state: 'detached' });
    await expect.poll(focused).toMatch(/^Text of /);
    expect(await text()).toBe(before);
    await palette(`edit ${STACK}`, new RegExp(`${STACK}`));
    await page.getByRole('heading', { name: `Edit ${STACK}` }).waitFor();
  });

  it('scales it, by the slider and by the palette', async () => {
    const { page } = open;
    await palette(WEB, WEB);
    await page.getByRole('heading', { name: 'web', exact: true, level: 1 }).waitFor();
    await tabTo(`Containers of ${WEB}`);
    await press('ArrowRight');
    await tabTo('Scale to 3');
    await press('Enter');
    await page
      .getByRole('row')
      .filter({ hasText: `${STACK}_web_3` })
      .getByText('running')
      .waitFor();
    await palette(`scale ${WEB} 2`, `Scale to 2 ${WEB}`);
    await page
      .getByRole('row')
      .filter({ hasText: `${STACK}_web_3` })
      .waitFor({ state: 'detached' });
  });

  it('changes it, gives the new version a share, and confirms it', async () => {
    const { page } = open;
    await palette(`edit ${STACK}`, new RegExp(`${STACK}`));
    await write(file('second'));
    await page
      .getByRole('region', { name: 'What a deployment changes' })
      .getByText('container.Env')
      .first()
      .waitFor();
    await press('Control+Enter');
    await dialog(`Deploy ${STACK}`).waitFor();
    await tabTo('Deploy');
    await press('Enter');
    await dialog(`Deploy ${STACK}`).waitFor({ state: 'detached' });
    await palette(WEB, WEB);
    await page.getByText('waits for you to confirm it').waitFor();
    await tabTo(/^Per cent of the requests/);
    await press('ArrowRight');
    await tabTo(/^Give release 2 \d+ %$/);
    await press('Enter');
    await page
      .getByText(/% of the requests go to it, as admin has set/)
      .first()
      .waitFor();
    await palette(`confirm ${WEB}`, `Confirm release ${WEB}`);
    await dialog(`Confirm release 2 of ${WEB}?`).waitFor();
    await tabTo('Confirm release');
    await press('Enter');
    await expect.poll(release, { timeout: 120_000 }).toMatchObject({ number: 2, state: 'done' });
  });

  it('opens a terminal, types, and leaves it', async () => {
    const { page } = open;
    const [, name = ''] =
      /(key-shop_web_\d+)/.exec(await lab.docker(['ps', '--filter', `name=${STACK}_web`])) ?? [];
    await palette(name, new RegExp(`^${name}`));
    await page.getByRole('heading', { name, exact: true }).waitFor();
    await tabTo('Logs');
    for (let i = 0; i < 5 && (await focused()) !== 'Terminal'; i++) await press('ArrowRight');
    expect(await focused()).toBe('Terminal');
    await press('Enter');
    await tabTo('Open a terminal');
    await press('Enter');
    await page.getByText('Connected').waitFor();
    await page.locator('.xterm textarea:focus').waitFor();
    await type('echo by-keys-$((6*7))');
    await press('Enter');
    await page.locator('.xterm-rows').getByText('by-keys-42').first().waitFor();
    await press('Control+Shift+ArrowUp');
    await page.locator('button:focus', { hasText: 'Close' }).waitFor();
    await press('Enter');
    await page.getByRole('button', { name: 'Open again' }).waitFor();
    expect(open.complaints.filter((text) => !text.includes('status of 401'))).toEqual([]);
  });

  it('takes the stack away by its name', async () => {
    const { page } = open;
    await palette(`remove ${STACK}`, new RegExp(`^Remove ${STACK}(?![-_])`));
    await dialog(`Remove stack ${STACK}?`).locator('input:focus').waitFor();
    await type(STACK);
    await press('Enter');
    await expect.poll(() => lab.berth(['stack', 'ls']), { timeout: 120_000 }).not.toContain(STACK);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});
