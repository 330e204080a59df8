import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Request,
  type Response,
} from 'playwright-core';
import { ensureRequirements } from './requirements.ts';

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];
/** How long anything may take on a machine that does much beside it. */
const PATIENCE_MS = 120_000;
/** Of a connection that was given up as another lab on this machine has come or gone. */
const OF_ANOTHER = 'ERR_NETWORK_CHANGED';
/** How often a page is loaded at most until all of it has come. */
const LOADS = 5;

export type OpenPage = Readonly<{
  page: Page;
  context: BrowserContext;
  /** What the page has complained of in its console, and what it threw. */
  complaints: string[];
  close(): Promise<void>;
}>;

/** Debian's Chromium, driven by playwright. The cluster's CA is no one that it knows. */
export async function openChromium(options: BrowserContextOptions = {}): Promise<OpenPage> {
  await ensureRequirements([['chromium', 'chromium']]);
  const profile = mkdtempSync(join(tmpdir(), 'berth-page-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: FLAGS,
    ignoreHTTPSErrors: true,
    locale: 'en-GB',
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = context.pages()[0] ?? (await context.newPage());
  whateverNetworks(page);
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Before anybody has logged in, the page asks who it is, and is told.
    const isAsked = message.location().url.endsWith('/v1/whoami');
    // Another lab on this machine has come or gone: what the page makes of it is asserted, that Chromium says so is not.
    const isOfAnother = message.text().includes(OF_ANOTHER);
    if (message.type() === 'error' && !isAsked && !isOfAnother) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return {
    ...{ page, context, complaints },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/**
 * Chromium gives up what it is loading when an interface comes or goes, as other labs on this machine have it: a page of which
 * that was a part is loaded once more.
 */
function whateverNetworks(page: Page): void {
  for (const how of ['goto', 'reload'] as const) {
    const load = page[how].bind(page) as (...args: unknown[]) => ReturnType<Page['reload']>;
    const loadWhole = async (...args: unknown[]) => {
      for (let left = LOADS; ; left--) {
        let isCut = false;
        const look = (request: Request) => {
          const isPart = ['document', 'script', 'stylesheet'].includes(request.resourceType());
          isCut ||= isPart && request.failure()?.errorText.includes(OF_ANOTHER) === true;
        };
        page.on('requestfailed', look);
        try {
          const answer = await load(...args);
          if (!isCut || left <= 1) return answer;
        } catch (thrown) {
          if (!String(thrown).includes(OF_ANOTHER) || left <= 1) throw thrown;
        } finally {
          page.off('requestfailed', look);
        }
      }
    };
    Object.assign(page, { [how]: loadWhole });
  }
}

/** For an answer that has begun to be whole, milliseconds. */
const WHOLE_MS = 5_000;

/** Until an answer has come. One to a page that was loaded again meanwhile never ends, and is not waited for. */
export async function wholeAnswer(asked: Promise<Response>): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, WHOLE_MS));
  await Promise.race([(await asked).finished(), late]);
}

/** For an answer that is to be late: it waits for `held`, which ends with `letGo`. */
export function holding(): Readonly<{ held: Promise<void>; letGo(): void }> {
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return { held, letGo };
}

/** Types what the dialog asks for, once its field has the keys. */
export async function typeInDialog(page: Page, text: string): Promise<void> {
  await page.getByRole('dialog').locator('input:focus').waitFor();
  await page.keyboard.type(text);
}

/** Closes the menu that is open; Escape is not its own before it has the keys. */
export async function closeMenu(page: Page): Promise<void> {
  await page.locator('[role="menu"]:focus-within').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
}

/** Through the form, as a person does. */
export async function logIn(page: Page, url: string, password: string, user = 'admin'): Promise<void> {
  await page.goto(url);
  await page.getByLabel('User', { exact: true }).fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').getByText('Live').waitFor();
}

/** What axe finds of WCAG 2.1 A and AA that is serious or worse. */
export async function seriousFindings({ context, page }: OpenPage): Promise<string[]> {
  // As a tool of the browser's own: the page's policy lets no script in.
  const session = await context.newCDPSession(page);
  // What fades in has less contrast meanwhile.
  const rest = `Promise.all(document.getAnimations()
    .filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime))
    .map(({ finished }) => finished.catch(() => undefined)))`;
  const run = `${axe.source}; ${rest}.then(() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })).then(({ violations }) =>
    JSON.stringify(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ html, any }) => html + ' ' + any.map(({ message }) => message)))))`;
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
  return JSON.parse(String(result.value)) as string[];
}
