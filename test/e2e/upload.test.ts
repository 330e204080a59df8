import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const NAME = 'drop-web';
const GIB = 1024 ** 3;
/** Files of the machine on which the browser is. */
const folder = mkdtempSync(join(tmpdir(), 'berth-drop-'));

let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await sharedLab();
  await lab.docker(['rm', '-f', NAME]).catch(() => undefined);
  await lab.docker(['run', '-d', '--name', NAME, 'busybox', 'sleep', '100000']);
  open = await openChromium({ viewport: { width: 1280, height: 900 } });
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  await lab?.docker(['rm', '-f', NAME]).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

const inside = (...command: string[]) => lab.docker(['exec', NAME, ...command]);
const inData = async () => (await inside('ls', '-A', '/data')).split('\n').filter((line) => line !== '');

function file(name: string, content: string | number): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : '');
  if (typeof content === 'number') truncateSync(path, content);
  return path;
}

/** The files of a folder `/data` that has nothing but what the test puts there. */
async function visit(make = ''): Promise<Page> {
  await inside('sh', '-c', `rm -rf /data; mkdir /data; cd /data; ${make}`);
  const { page } = open;
  await page.goto(`${lab.addresses.api}/containers/${NAME}`);
  await page.getByRole('tab', { name: 'Files' }).click();
  await page.getByLabel('Folder or file').fill('/data');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Upload files' }).and(page.locator(':enabled')).waitFor();
  return page;
}

/** Chooses files in the browser's own dialog. */
async function choose(
  page: Page,
  paths: readonly string[],
  by: 'mouse' | 'keyboard' = 'mouse',
): Promise<void> {
  const asked = page.waitForEvent('filechooser');
  const button = page.getByRole('button', { name: 'Upload files' });
  if (by === 'mouse') await button.click();
  else await button.press('Enter');
  await (await asked).setFiles([...paths]);
}

beforeEach(() => {
  open.complaints.length = 0;
});

describe('files', () => {
  it('are uploaded, several at once, into the folder that is shown, by keyboard as well', async () => {
    const page = await visit();
    const odd = ['名 <b>x.txt', '-rf', '🚢.txt', 'y'.repeat(255)];
    await choose(
      page,
      odd.map((name) => file(name, name)),
      'keyboard',
    );
    const uploads = page.getByRole('region', { name: 'Uploads' });
    await uploads.getByText('4 of 4 files uploaded').waitFor();
    // The folder is listed anew by itself.
    await page.getByRole('button', { name: '名 <b>x.txt', exact: true }).waitFor();
    for (const name of odd) expect(await inside('cat', `/data/${name}`)).toBe(name);
    expect(await seriousFindings(open)).toEqual([]);
    await uploads.getByRole('button', { name: 'Clear the list' }).click();
    await uploads.waitFor({ state: 'detached' });
    expect(open.complaints).toEqual([]);
  });

  it('are asked about by name before they replace others', async () => {
    const page = await visit('echo old-a > a; echo old-b > b; ln -s /etc/passwd link');
    await page.getByRole('button', { name: 'link', exact: true }).waitFor();
    const paths = ['a', 'link', 'new'].map((name) => file(name, `mine ${name}`));
    await choose(page, paths);
    const dialog = page.getByRole('dialog', { name: 'Replace 2 files?' });
    await dialog.getByText('a link to /etc/passwd').waitFor();
    expect((await dialog.getByRole('listitem').allTextContents()).toSorted()).toEqual([
      expect.stringMatching(/^a/),
      expect.stringMatching(/^link/),
    ]);
    expect(await seriousFindings(open)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await inData()).toEqual(['a', 'b', 'link']);
    await choose(page, paths);
    await dialog.getByRole('button', { name: 'Only upload the 1 other' }).click();
    await page.getByText('1 of 1 file uploaded').waitFor();
    expect(await inside('cat', '/data/a', '/data/new')).toBe('old-a\nmine new');
    await choose(page, paths);
    await page
      .getByRole('dialog', { name: 'Replace 3 files?' })
      .getByRole('button', { name: 'Replace 3 files' })
      .click();
    await page.getByText('4 of 4 files uploaded').waitFor();
    expect(await inside('cat', '/data/a', '/data/link', '/data/b')).toBe('mine amine linkold-b');
    expect(await inside('head', '-c', '4', '/etc/passwd')).toBe('root');
    expect(open.complaints).toEqual([]);
  });

  it('that came to be there meanwhile are not replaced before somebody says so', async () => {
    const page = await visit();
    await inside('sh', '-c', 'echo theirs > /data/both');
    await choose(page, [file('both', 'mine')]);
    const uploads = page.getByRole('region', { name: 'Uploads' });
    await uploads.getByRole('alert').getByText('"/data/both" is there already').waitFor();
    expect(await inside('cat', '/data/both')).toBe('theirs');
    await uploads.getByRole('button', { name: 'Replace both' }).click();
    await uploads.getByText('1 of 1 file uploaded').waitFor();
    expect(await inside('cat', '/data/both')).toBe('mine');
  });

  it('are let fall on the page', async () => {
    const page = await visit();
    const drop = async (selector: string, type: string, name: string) => {
      const data = await page.evaluateHandle(
        `(() => { const all = new DataTransfer(); all.items.add(new File(['dropped'], '${name}')); return all; })()`,
      );
      await page.dispatchEvent(selector, type, { dataTransfer: data });
    };
    await drop('.files-zone', 'dragenter', 'd.txt');
    await page.getByText('Let go to upload into /data').waitFor();
    await drop('.files-zone', 'drop', 'd.txt');
    await page.getByText('1 of 1 file uploaded').waitFor();
    expect(await page.getByText('Let go to upload').count()).toBe(0);
    expect(await inside('cat', '/data/d.txt')).toBe('dropped');
  });

  it('that are large are cancelled half way, which leaves nothing, and go on while another page is looked at', async () => {
    const page = await visit('echo old > large');
    await page.getByRole('button', { name: 'large', exact: true }).waitFor();
    await choose(page, [file('large', 3 * GIB), file('small', 'small')]);
    await page.getByRole('button', { name: 'Replace it' }).click();
    const bar = page.getByRole('progressbar', { name: '/data/large' });
    await expect.poll(async () => Number(await bar.getAttribute('value'))).toBeGreaterThan(0);
    expect(await seriousFindings(open)).toEqual([]);
    await page.getByRole('tab', { name: 'Inspect' }).click();
    await page.getByRole('region', { name: 'Inspect' }).waitFor();
    await page.getByRole('tab', { name: 'Files' }).click();
    await page.getByRole('button', { name: 'Cancel the upload of large' }).click();
    await page.getByText('Cancelled: nothing was changed').waitFor();
    await page.getByText('1 of 2 files uploaded').waitFor();
    await expect.poll(inData, { timeout: 60_000 }).toEqual(['large', 'small']);
    expect(await inside('cat', '/data/large')).toBe('old');
    const heap = (await page.evaluate('performance.memory.usedJSHeapSize')) as number;
    expect(heap).toBeLessThan(200 * 1024 * 1024);
    rmSync(join(folder, 'large'));
  });

  it('that do not fit are refused in words once they were sent', async () => {
    const page = await visit();
    // A disk of 64 MB, in memory.
    await page.getByLabel('Folder or file').fill('/dev/shm');
    await page.keyboard.press('Enter');
    await page.getByText('This folder is empty.').waitFor();
    await choose(page, [file('huge', GIB / 4)]);
    await page
      .getByRole('alert')
      .getByText('"/dev/shm/huge" was not written: there is no space left')
      .waitFor();
    expect(await inside('ls', '-A', '/dev/shm')).toBe('');
    rmSync(join(folder, 'huge'));
    await choose(page, [file('fits', 'fits')]);
    await page.getByText('1 of 2 files uploaded').waitFor();
    expect(await inside('cat', '/dev/shm/fits')).toBe('fits');
  });

  it('have their command line and call beside them', async () => {
    const page = await visit();
    await open.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('tabpanel', { name: 'Files' }).getByRole('button', { name: 'Copy as' }).click();
    await page.getByText(`docker cp FILE ${NAME}:/data/`).waitFor();
    await page.getByRole('menuitem', { name: /API/ }).last().click();
    await page
      .getByRole('status')
      .getByText(/^PUT \/v1\/containers\/\w+\/files\?path=%2Fdata&name=FILE$/)
      .waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toContain("-X PUT -H 'Content-Type: application/octet-stream' -T FILE");
    expect(copied).toContain('/files?path=%2Fdata&name=FILE');
  });

  it('are not taken for what does not run', async () => {
    const page = await visit();
    await lab.docker(['stop', '-t', '0', NAME]);
    try {
      await page.getByText('nothing can be uploaded here').waitFor();
      await expect.poll(() => page.getByRole('button', { name: 'Upload files' }).isDisabled()).toBe(true);
    } finally {
      await lab.docker(['start', NAME]);
    }
  });
});
