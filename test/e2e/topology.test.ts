import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';

/** What runs on h3 and is to move when it is drained, or dies. */
const NAME = 'map-web';
const RACKS = { h1: { rack: 'r1' }, h2: { rack: 'r1' }, h3: { rack: 'r2' } };

let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await startLab({ hosts: 3, labels: RACKS });
  await ensureImage('busybox', lab.endpoint);
  const how = ['-l', 'berth.failover=true', '-e', 'constraint:rack==r2'];
  await lab.docker(['run', '-d', '--name', `${NAME}-held`, ...how, 'busybox', 'sleep', '100000']);
  await lab.berth(['node', 'cordon', 'h1', 'h2']);
  await lab.docker(['run', '-d', '--name', NAME, '-l', 'berth.failover=true', 'busybox', 'sleep', '100000']);
  await lab.berth(['node', 'uncordon', 'h1', 'h2']);
  open = await openChromium({ viewport: { width: 1360, height: 860 } });
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  await lab?.down();
});

// What a test that failed has left open is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await open.page.goto(`${lab.addresses.api}/topology`);
});

const go = (name: string) => open.page.getByRole('navigation').getByRole('link', { name }).click();
const row = (name: string | RegExp): Locator => open.page.getByRole('treeitem', { name });
const map = (): Locator => open.page.getByRole('application');
const serious = () => seriousFindings(open);

/** How many of the map's pixels have a colour of the theme's. */
const pixelsOf = (variable: string) =>
  open.page.evaluate(`(() => {
    const canvas = document.querySelector('.topo-canvas canvas');
    const style = getComputedStyle(document.documentElement).getPropertyValue('${variable}').trim();
    const probe = document.createElement('canvas').getContext('2d');
    probe.fillStyle = style; probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] === r && data[i + 1] === g && data[i + 2] === b) count++;
    return count;
  })()`) as Promise<number>;

describe('the topology', () => {
  it('draws hosts in their racks, and lists the same', async () => {
    await go('Topology');
    await row('rack r1').waitFor();
    await expect.poll(() => map().getAttribute('data-hosts')).toBe('3');
    await expect.poll(() => map().getAttribute('data-containers')).toBe('2');
    expect(await row(/^h\d/).allInnerTexts()).toMatchObject(
      [/^h1/, /^h2/, /^h3/].map((name) => expect.stringMatching(name)),
    );
    expect(await row('rack r1').getAttribute('aria-level')).toBe('2');
    expect(await row('h3').getAttribute('aria-posinset')).toBe('1');
    await row('h3').getByText('2 containers').waitFor();
    // Two containers of no service, drawn in their colour.
    await expect.poll(() => pixelsOf('--no-service')).toBeGreaterThan(100);
    expect(await serious()).toEqual([]);
  });

  it('is moved, chosen from and dimmed by keys and pointer', async () => {
    const { page } = open;
    await row('Cluster').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Space');
    await page.getByRole('region', { name: 'Chosen' }).getByRole('button', { name: 'h3' }).waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => map().getAttribute('data-detail')).toBe('names');
    await map().focus();
    await page.keyboard.press('0');
    const before = await pixelsOf('--no-service');
    await page.getByLabel('Highlight by').fill('no such thing');
    await page.getByText('0 hosts match').waitFor();
    await expect.poll(() => pixelsOf('--no-service')).toBeLessThan(before / 4);
    await page.getByLabel('Highlight by').fill('rack=r2 map-web');
    await page.getByText('One host matches').waitFor();
    await page.getByLabel('Highlight by').fill('');
    await page.getByLabel('Colours').selectOption('health');
    await expect.poll(() => pixelsOf('--good')).toBeGreaterThan(100);
    const box = await map().boundingBox();
    if (box === null) throw new Error('the map is not seen');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -600);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 60, box.y + box.height / 2 + 40, { steps: 5 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Show all' }).click();
  });

  it('shows what a drain would move before it is done, and does it', async () => {
    const { page } = open;
    await row('h3').click();
    await page.getByRole('button', { name: 'What would a drain move?' }).click();
    const plan = page.getByRole('region', { name: 'If h3 is drained' });
    await plan.getByRole('region', { name: '1 container moves' }).getByText(NAME).waitFor();
    await plan.getByRole('region', { name: '1 container stays' }).getByText(`${NAME}-held`).waitFor();
    // The container that would go is drawn as it will be: gone from here, and room for it there.
    await expect.poll(() => pixelsOf('--accent')).toBeGreaterThan(20);
    expect(await serious()).toEqual([]);
    await plan.getByRole('button', { name: 'Drain' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    await plan.getByText('Done: 1 moved').waitFor();
    await row('h3').getByText('cordoned').waitFor();
    expect(await lab.docker(['ps', '-q', '--filter', `name=^${NAME}$`, '--filter', 'node=h3'])).toBe('');
    await plan.getByRole('button', { name: 'Close the plan' }).click();
    await page.getByRole('button', { name: 'What would rebalancing move?' }).click();
    await page.getByRole('region', { name: 'If the cluster is rebalanced' }).getByText('As of').waitFor();
    await page.getByRole('button', { name: 'Close the plan' }).click();
    await lab.berth(['node', 'uncordon', 'h3']);
    await row('h3').getByText('cordoned').waitFor({ state: 'detached' });
  });
});
