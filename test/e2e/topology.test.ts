import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings, typeInDialog } from '../lab/page.ts';

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
/** On which host the container is. */
const where = async () => (await lab.docker(['inspect', '--format', '{{.Node.Name}}', NAME])).trim();

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
    await expect.poll(() => pixelsOf('--no-service')).toBeGreaterThan(100);
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
    await plan.getByRole('region', { name: '1 container moves' }).getByText(NAME, { exact: true }).waitFor();
    await plan
      .getByRole('region', { name: '1 container stays' })
      .getByText(`${NAME}-held`, { exact: true })
      .waitFor();
    // The container that would go is drawn as it will be: gone from here, and room for it there.
    await expect.poll(() => pixelsOf('--accent')).toBeGreaterThan(20);
    expect(await serious()).toEqual([]);
    await plan.getByRole('button', { name: 'Drain' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    await plan.getByText('Done: 1 moved').waitFor();
    await row('h3').getByText('cordoned').waitFor();
    expect(await where()).not.toBe('h3');
    await plan.getByRole('button', { name: 'Close the plan' }).click();
    await page.getByRole('button', { name: 'What would rebalancing move?' }).click();
    await page.getByRole('region', { name: 'If the cluster is rebalanced' }).getByText('As of').waitFor();
    await page.getByRole('button', { name: 'Close the plan' }).click();
    await lab.berth(['node', 'uncordon', 'h3']);
    await row('h3').getByText('cordoned').waitFor({ state: 'detached' });
  });

  it('shows where containers would go, and why others have no place', async () => {
    const { page } = open;
    await page.getByRole('button', { name: 'Where would it go?' }).click();
    const card = page.getByRole('region', { name: 'Where would it go?' });
    await card.getByLabel('Image').fill('busybox');
    await card.getByLabel('Containers').fill('3');
    await card.getByLabel('Only on hosts with').fill('rack==r2');
    await card.getByRole('button', { name: 'Show it' }).click();
    const places = card.getByRole('list', { name: 'Where they would go' });
    await places.getByRole('listitem').filter({ hasText: 'h3' }).getByText('3 containers').waitFor();
    await card.getByText('Why 2 hosts do not fit').click();
    await card.getByText('h1', { exact: true }).waitFor();
    expect(await serious()).toEqual([]);
    await card.getByLabel('Only on hosts with').fill('rack==r9');
    await card.getByRole('button', { name: 'Show it' }).click();
    await card.getByText('3 of them would find no host').waitFor();
    await card.getByRole('button', { name: 'Close the plan' }).click();
    await card.waitFor({ state: 'detached' });
    expect(await lab.docker(['ps', '-a'])).not.toContain('busybox-1');
  });
});

describe('the page of a host', () => {
  const labels = async (name: string) => {
    const nodes = JSON.parse(await lab.berth(['node', 'ls', '--json'])) as {
      name: string;
      labels: Record<string, string>;
    }[];
    return nodes.find((one) => one.name === name)?.labels;
  };
  const host = async (name: string) => {
    await go('Hosts');
    await open.page.getByRole('link', { name, exact: true }).click();
    await open.page.getByRole('heading', { name }).waitFor();
  };

  it('changes labels, and tells the second of two who do', async () => {
    const { page } = open;
    await host('h1');
    const card = page.getByRole('region', { name: 'Labels' });
    await card.getByRole('button', { name: 'Edit the labels' }).click();
    await card.getByLabel('Value rack').fill('r9');
    await card.getByRole('button', { name: 'Add a label' }).click();
    await card.getByLabel('Label', { exact: true }).last().fill('9x');
    await card.getByText('"9x" is not a label key').waitFor();
    await card.getByLabel('Label', { exact: true }).last().fill('disk');
    await card.getByLabel('Value disk').fill('ssd');
    await lab.berth(['node', 'label', 'h1', 'rack=r5', 'floor=2']);
    await card.getByText('rack: r1 → r5').waitFor();
    await expect.poll(() => card.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    await card.getByRole('button', { name: 'Keep mine' }).click();
    await card.getByRole('button', { name: 'Save' }).click();
    await card.getByText('rack=r9').waitFor();
    expect(await labels('h1')).toEqual({ rack: 'r9', disk: 'ssd', floor: '2' });
    await lab.berth(['node', 'label', 'h1', 'rack=r1', 'disk-', 'floor-']);
    await card.getByText('rack=r1').waitFor();
    for (const tab of ['Containers', 'Network', 'Events']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tabpanel', { name: tab }).waitFor();
      expect(await serious()).toEqual([]);
    }
  });

  it('tells that a host is silent, then down, where its containers go, and that it is back', async () => {
    const { page } = open;
    const before = await where();
    await host(before);
    await lab.kill(before);
    await page.getByText('It is down').waitFor();
    expect(await serious()).toEqual([]);
    await expect.poll(where, { timeout: 120_000 }).not.toBe(before);
    await go('Topology');
    await row(before).getByText('down').waitFor();
    const other = await where();
    await expect.poll(() => row(other).textContent(), { timeout: 30_000 }).toMatch(/[12] container/);
    await lab.start(before);
    await row(before).getByText('down').waitFor({ state: 'detached' });
  });

  it('is taken out of the cluster by its name, and joins again with the line that is shown', async () => {
    const { page } = open;
    await host('h3');
    await page.getByRole('button', { name: 'Remove' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Its certificate is not accepted').waitFor();
    await dialog
      .getByRole('region', { name: /The cluster loses/ })
      .getByText(`${NAME}-held`)
      .waitFor();
    const remove = dialog.getByRole('button', { name: 'Remove' });
    expect(await remove.isDisabled()).toBe(true);
    expect(await serious()).toEqual([]);
    await typeInDialog(page, 'h3');
    await remove.click();
    await page.getByRole('heading', { name: 'There is no host “h3”' }).waitFor();
    await lab.killAgent('h3');
    await go('Hosts');
    await page.getByRole('button', { name: 'Add a host' }).click();
    await page.getByRole('button', { name: 'Make the command' }).click();
    const made = page.getByRole('region', { name: 'Command to run on the new host' });
    await made.getByText('--token').waitFor();
    const line = await made.textContent();
    const folder = `${lab.plan.folder}/joined`;
    const flags = `--engine ${lab.host('h3').engine} --data-dir ${folder}/data --bin-dir ${folder}/bin --name third --no-install`;
    const path = 'PATH=/usr/bin:/bin:/usr/sbin:/sbin';
    const { code, stderr } = await lab.exec('h3', ['env', '-i', path, 'sh', '-c', `${line} ${flags}`], {
      timeoutMs: 180_000,
    });
    expect(code, stderr).toBe(0);
    await dialog.getByText('third has joined').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('row').filter({ hasText: 'third' }).getByText('ready').waitFor();
    expect(await serious()).toEqual([]);
  });
});
