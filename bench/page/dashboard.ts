import type { CDPSession, Page } from 'playwright-core';
import { logIn, type OpenPage, openChromium } from '../../test/lab/page.ts';
import { type Benchmark, numberOption, type Run } from '../benchmark.ts';
import { FLEET_OPTIONS, type Fleet, startFleet } from '../fleet/fleet.ts';
import { median, quantile, round } from '../stats.ts';
import { changeWithoutEnd } from './changes.ts';

const LOADS = 3;
const PAN_MS = 5000;
const PATIENCE_MS = 180_000;
/** Between two looks at the page's memory, milliseconds. */
const LOOK_MS = 30_000;
/** Between two looks for what a click has done, milliseconds. */
const EYE_MS = 10;
/** Of `+` on the map, until single containers are seen. */
const MOST_PRESSES = 40;

/**
 * In the page, before its own scripts: when what a person looks for is there. `picture` is the line on the cluster's health
 * with counts and capacity, `all` is when every host and container has been read.
 */
const MARKS = (containers: number) => `
  window.berthMarks = {};
  const wanted = (${containers}).toLocaleString('en');
  const look = () => {
    const marks = window.berthMarks;
    const isThere = document.querySelector('.health strong') && document.querySelectorAll('.meter').length >= 2;
    if (isThere) marks.picture ??= performance.now();
    const counts = [...document.querySelectorAll('.nav-count')].map((one) => one.textContent);
    if (counts.includes(wanted)) marks.all ??= performance.now();
    if (marks.all === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;

export const dashboard: Benchmark = {
  name: 'dashboard',
  summary:
    'the page with a full fleet: first useful picture, panning the topology, the list of all containers, memory under changes',
  unit: 'ms until the first useful picture, median of three',
  better: 'lower',
  target: 2000,
  limitSeconds: 3600,
  options: { ...FLEET_OPTIONS, changes: 500, minutes: 10 },
  async run(run) {
    const fleet = await startFleet(run, dashboard);
    const open = await openChromium({ viewport: { width: 1600, height: 1000 } });
    run.defer(() => open.close());
    open.page.setDefaultTimeout(PATIENCE_MS);
    const url = `https://${fleet.manager.api}`;
    await logIn(open.page, url, fleet.manager.adminPassword);
    const first = await loads(run, open, url, fleet.ids.length);
    const panned = await pans(run, open, url, fleet.ids.length);
    const worked = await worksWithList(run, open, url, fleet);
    const kept = await underChanges(run, open, fleet);
    await fleet.manager.stop();
    return {
      value: median(first.picture),
      also: {
        hosts: numberOption(run, dashboard, 'hosts'),
        containers: fleet.ids.length,
        'first useful picture, worst ms': round(Math.max(...first.picture)),
        'all of it ms': round(median(first.all)),
        'read for it MiB': round(first.bytes / 1024 ** 2),
        ...panned,
        ...worked,
        ...kept,
      },
    };
  },
};

/** Loads the overview again and again, its files kept from the time before, as a person's browser has them. */
async function loads(run: Run, open: OpenPage, url: string, containers: number) {
  const picture: number[] = [];
  const all: number[] = [];
  await open.context.addInitScript(MARKS(containers));
  const session = await open.context.newCDPSession(open.page);
  await session.send('Network.enable');
  let bytes = 0;
  session.on('Network.dataReceived', ({ dataLength }) => {
    bytes += dataLength;
  });
  for (let i = 0; i < LOADS; i++) {
    bytes = 0;
    await open.page.goto(`${url}/`, { waitUntil: 'commit' });
    await untilIn(open.page, 'window.berthMarks?.all !== undefined');
    const marks = (await open.page.evaluate('window.berthMarks')) as { picture: number; all: number };
    picture.push(marks.picture);
    all.push(marks.all);
    run.say(`useful after ${Math.round(marks.picture)} ms, all there after ${Math.round(marks.all)} ms`);
  }
  await session.detach();
  return { picture, all, bytes };
}

/** Waits until something holds in the page; playwright's own waiting for it would be an `eval`, which the page's policy forbids. */
async function untilIn(page: Page, condition: string, everyMs = 200): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; !(await page.evaluate(`!!(${condition})`)); ) {
    if (Date.now() > until) throw new Error(`not so within ${PATIENCE_MS / 1000} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Drags the topology about: seen whole, and near enough for each container. */
async function pans(run: Run, { page }: OpenPage, url: string, containers: number) {
  await page.goto(`${url}/topology`);
  const map = page.locator('.topo-canvas');
  await untilIn(page, `Number(document.querySelector('.topo-canvas')?.dataset.containers) >= ${containers}`);
  const figures: Record<string, number> = {};
  for (const name of ['whole', 'near'] as const) {
    await map.focus();
    await page.keyboard.press('0');
    if (name === 'near') await untilNear(page);
    await page.waitForTimeout(1000);
    const { fps, worst } = await panFor(page, PAN_MS);
    figures[`fps while panning, ${name}`] = round(fps, 3);
    figures[`99 % of its frames within ms, ${name}`] = round(worst, 3);
    run.say(`panning, ${name} (${await map.getAttribute('data-detail')}): ${fps.toFixed(1)} frames/s`);
  }
  return figures;
}

/** As far into the focused map as it takes until each container is drawn, with its name where there is room. */
async function untilNear(page: Page): Promise<void> {
  const isNear = `['containers', 'names'].includes(document.querySelector('.topo-canvas').dataset.detail)`;
  for (let i = 0; i < MOST_PRESSES; i++) {
    if (await page.evaluate(isNear)) return;
    await page.keyboard.press('+');
    await page.waitForTimeout(100);
  }
  throw new Error(`the map shows no single containers after ${MOST_PRESSES} presses of +`);
}

/** The times between frames while a pointer drags the map in circles. */
async function panFor(page: Page, ms: number): Promise<{ fps: number; worst: number }> {
  const box = await page.locator('.topo-canvas').boundingBox();
  if (box === null) throw new Error('the map is not seen');
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.evaluate(`
    window.berthFrames = [];
    const look = (at) => { window.berthFrames.push(at); window.berthLook = requestAnimationFrame(look); };
    window.berthLook = requestAnimationFrame(look);
  `);
  await page.mouse.move(middle.x, middle.y);
  await page.mouse.down();
  const until = performance.now() + ms;
  for (let i = 0; performance.now() < until; i++) {
    const angle = i / 12;
    await page.mouse.move(middle.x + 180 * Math.cos(angle), middle.y + 180 * Math.sin(angle));
  }
  await page.mouse.up();
  await page.evaluate('cancelAnimationFrame(window.berthLook)');
  const at = (await page.evaluate('window.berthFrames')) as number[];
  const gaps = at.slice(1).map((time, i) => time - (at[i] as number));
  const lasted = (at.at(-1) ?? 0) - (at[0] ?? 0);
  return { fps: (gaps.length / lasted) * 1000, worst: quantile(gaps, 0.99) };
}

/** What a person does with the list of all containers while they change: milliseconds from a click or key until it is seen. */
async function worksWithList(run: Run, { page }: OpenPage, url: string, fleet: Fleet) {
  const all = fleet.ids.length.toLocaleString('en');
  const changes = changeWithoutEnd(run, fleet, numberOption(run, dashboard, 'changes'));
  const figures: Record<string, number> = {};
  const time = async (name: string, act: () => Promise<unknown>, seen: string) => {
    const began = performance.now();
    await act();
    await untilIn(page, seen, EYE_MS);
    figures[`list: ${name}, ms`] = Math.round(performance.now() - began);
    run.say(`list: ${name}: ${Math.round(performance.now() - began)} ms`);
  };
  const says = (selector: string, text: string) =>
    `document.querySelector('${selector}')?.textContent.includes(${JSON.stringify(text)})`;
  const bar = page.getByRole('group', { name: 'Selected containers' });
  const filter = page.getByLabel('Filter by name, image or ID');

  await page.goto(`${url}/containers`);
  await untilIn(page, says('.head .note', `${all} containers`));
  await time(
    'all are selected',
    () => page.getByRole('checkbox', { name: 'Select all that are listed' }).check(),
    says('.bulk-bar [role="status"]', `${all} selected`),
  );
  await time(
    'asked whether to stop them',
    () => bar.getByRole('button', { name: 'Stop' }).click(),
    says('[role="dialog"]', 'containers?'),
  );
  await time(
    'the question is closed',
    () => page.keyboard.press('Escape'),
    `document.querySelector('[role="dialog"]') === null`,
  );
  await time(
    'a letter in the filter',
    () => filter.pressSequentially('9'),
    says('.head .note', ` of ${all}`),
  );
  await time('no filter', () => filter.press('Backspace'), says('.head .note', `${all} containers`));
  await time(
    'the last row',
    () => page.evaluate(`document.querySelector('.rows-scroll').scrollTop = 1e9`),
    `document.querySelector('.row[aria-rowindex="${fleet.ids.length + 1}"]') !== null`,
  );
  await time(
    'none is selected',
    () => bar.getByRole('button', { name: 'Clear the selection' }).click(),
    `document.querySelector('.bulk-bar') === null`,
  );
  await changes.stop();
  return figures;
}

/** Memory and traffic of the page on the topology, before and while the cluster changes without end. */
async function underChanges(run: Run, { context, page }: OpenPage, fleet: Fleet) {
  const minutes = numberOption(run, dashboard, 'minutes');
  const rate = numberOption(run, dashboard, 'changes');
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  let read = 0;
  session.on('Network.dataReceived', ({ dataLength }) => {
    read += dataLength;
  });
  const stream = await eventBytes(session, page);
  const before = await heap(session);
  const changes = changeWithoutEnd(run, fleet, rate);
  const looks: number[] = [];
  const began = performance.now();
  read = 0;
  const first = stream();
  while (performance.now() - began < minutes * 60_000) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, minutes * 60_000)));
    looks.push(await heap(session));
    run.say(
      `after ${Math.round((performance.now() - began) / 1000)} s: ${round(looks.at(-1) ?? 0)} MiB, ${changes.count()} changes`,
    );
  }
  const seconds = (performance.now() - began) / 1000;
  await changes.stop();
  const half = Math.floor(looks.length / 2);
  return {
    'page MiB before changes': round(before),
    'page MiB at the end': round(looks.at(-1) ?? Number.NaN),
    'page MiB, most of the first half': round(Math.max(...looks.slice(0, Math.max(1, half)))),
    'page MiB, most of the second half': round(Math.max(...looks.slice(half))),
    'changes/s': round(changes.count() / seconds, 3),
    'changes refused': changes.refused(),
    'stream bytes/s': Math.round((stream() - first) / seconds),
    'all bytes/s': Math.round(read / seconds),
  };
}

/** MiB of the page's objects that are in use, after a collection. */
async function heap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize / 1024 ** 2;
}

/** Bytes that have come on the stream of events; it is opened anew, so that it is one that is counted. */
async function eventBytes(session: CDPSession, page: Page): Promise<() => number> {
  const streams = new Set<string>();
  let bytes = 0;
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url.endsWith('/v1/events')) streams.add(requestId);
  });
  session.on('Network.dataReceived', ({ requestId, dataLength }) => {
    if (streams.has(requestId)) bytes += dataLength;
  });
  await page.reload();
  await untilIn(page, 'window.berthMarks?.all !== undefined');
  return () => bytes;
}
