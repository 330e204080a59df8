import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings, typeInDialog } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const NET = 'res-net';
const ODD = 'res-<img src=x>-🚢';
const NAMES = ['res-web', 'res-db', 'res-far', 'res-down', 'res-writer'];
const VOLUMES = ['res-data', 'res-made-data'];

let lab: Lab;
let open: OpenPage;

const quiet = (argv: readonly string[]) => lab.docker(argv).catch(() => '');
async function clear(): Promise<void> {
  await quiet(['rm', '-f', ...NAMES]);
  await quiet(['volume', 'rm', ...VOLUMES]);
  for (const network of [NET, 'res-other', 'res-made', ODD]) await quiet(['network', 'rm', network]);
}

beforeAll(async () => {
  lab = await sharedLab();
  await clear();
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet', '10.77.0.0/26', NET]);
  await lab.docker(['network', 'create', '-d', 'xoverlay', 'res-other']);
  const run = (name: string, network: string, host: string, ...command: string[]) =>
    lab.docker([
      ...['run', '-d', '--name', name, '--net', network, '-e', `constraint:node==${host}`],
      ...['busybox', ...command],
    ]);
  await run('res-web', NET, 'h1', 'sleep', '100000');
  await run('res-db', NET, 'h2', 'httpd', '-f', '-p', '5432');
  await run('res-far', 'res-other', 'h3', 'sleep', '100000');
  await run('res-down', NET, 'h3', 'true');
  await lab.docker([
    ...['run', '-d', '--name', 'res-writer', '-v', 'res-data:/data:ro', '-e', 'constraint:node==h2'],
    ...['busybox', 'sleep', '100000'],
  ]);
  open = await openChromium();
  await logIn(open.page, `${lab.addresses.api}/`, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  if (lab !== undefined) await clear();
});

// What a test that failed has left open is not the next one's.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await open.page.goto(lab.addresses.api);
  await open.page.getByRole('navigation').waitFor();
});

const serious = () => seriousFindings(open);
const row = (name: string): Locator => open.page.getByRole('row').filter({ hasText: name });
const go = (name: string) => open.page.getByRole('navigation').getByRole('link', { name }).click();
const dialog = (): Locator => open.page.getByRole('dialog');
const button = (name: string | RegExp): Locator => open.page.getByRole('button', { name });

describe('networks', () => {
  it('are listed, and made by a form', async () => {
    const { page } = open;
    await go('Networks');
    await row(NET).getByText('10.77.0.0/26').waitFor();
    expect(await serious()).toEqual([]);
    await button('Create a network').click();
    await dialog().getByLabel('Name', { exact: true }).fill('res-made');
    await dialog().getByLabel('Subnet').fill('10.77.0.0/33');
    await dialog().getByLabel('Encrypt what goes from host to host').check();
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    await dialog().getByRole('alert').getByText('10.77.0.0/33').waitFor();
    await dialog().getByLabel('Subnet').fill('10.78.0.0/24');
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'res-made' }).waitFor();
    await page.getByText('encrypted', { exact: true }).waitFor();
    const made = JSON.parse(await lab.docker(['network', 'inspect', 'res-made']));
    expect(made[0].IPAM.Config[0].Subnet).toBe('10.78.0.0/24');
  });

  it('show who is in them, and each address', async () => {
    const { page } = open;
    await go('Networks');
    await page.getByRole('link', { name: NET, exact: true }).click();
    await row('res-web').getByText('h1').waitFor();
    await row('res-down').getByText('exited').waitFor();
    const map = page.getByRole('list', { name: 'Addresses of 10.77.0.0/26' });
    await expect.poll(() => map.getByRole('button').count()).toBe(64);
    await map.getByRole('button', { name: '10.77.0.1 gateway' }).waitFor();
    await map.getByRole('button', { name: /^10\.77\.0\.2 in use container res-web/ }).focus();
    await map.getByRole('button', { name: /^10\.77\.0\.0 / }).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('status').getByText('10.77.0.62').waitFor();
    expect(await serious()).toEqual([]);
  });

  it('have addresses reserved and released', async () => {
    const { page } = open;
    await button('Reserve 10.77.0.62').click();
    await dialog().getByLabel('Name of the container').fill('res-later');
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Reserve an address' }).click();
    await dialog().waitFor({ state: 'detached' });
    const reserved = page.getByRole('list', { name: 'reserved' }).getByRole('listitem');
    await reserved.filter({ hasText: 'res-later' }).waitFor();
    expect(await lab.berth(['ip', 'ls', NET])).toMatch(/10\.77\.0\.62 .* reserved .* res-later/);
    await button('Release the reservation of res-later').click();
    expect(await dialog().getByRole('button', { name: 'Release' }).isDisabled()).toBe(true);
    await typeInDialog(page, '10.77.0.62');
    await dialog().getByRole('button', { name: 'Release' }).click();
    await reserved.filter({ hasText: 'res-later' }).waitFor({ state: 'detached' });
    expect(await lab.berth(['ip', 'ls', NET])).not.toContain('res-later');
  });

  it('take containers in, and let them go', async () => {
    const { page } = open;
    await button('Connect a container').click();
    await dialog().getByLabel('Container', { exact: true }).fill('res-f');
    await page.getByRole('option', { name: 'res-far' }).click();
    await dialog().getByLabel('Address').fill('10.77.0.40');
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Connect a container' }).click();
    await row('res-far').getByText('10.77.0.40').waitFor();
    await row('res-far').getByRole('button', { name: 'Disconnect res-far' }).click();
    await dialog().getByRole('button', { name: 'Disconnect' }).click();
    await row('res-far').waitFor({ state: 'detached' });
  });
});

describe('the test of reachability', () => {
  const test = async (from: string, to: string, port: string) => {
    const { page } = open;
    await dialog().getByLabel('From').fill(from.slice(0, -1));
    await page.getByRole('option', { name: from, exact: true }).waitFor();
    // With the whole name there is nothing to choose: no list is left above what comes next.
    await dialog().getByLabel('From').fill(from);
    await page.getByRole('option').first().waitFor({ state: 'hidden' });
    await dialog().getByLabel('To', { exact: true }).fill(to);
    await dialog().getByLabel('TCP port').fill(port);
    await dialog().getByRole('button', { name: /^Test/ }).click();
    return dialog().getByRole('list', { name: 'What was found' }).getByRole('listitem');
  };

  it('finds a way from host to host, with the name and the port', async () => {
    await button('Test reachability').click();
    const steps = await test('res-web', 'res-db', '5432');
    await dialog().getByText('res-db is reached from res-web').waitFor();
    await expect.poll(() => steps.count()).toBe(7);
    await steps.filter({ hasText: 'res-web finds it' }).waitFor();
    await steps.filter({ hasText: 'res-db listens on' }).waitFor();
    await steps.filter({ hasText: /res-web connects to 10\.77\.0\.\d+:5432/ }).waitFor();
    expect(await serious()).toEqual([]);
  });

  it('says where it breaks: a closed port, two networks, a container that has ended', async () => {
    const closed = await test('res-web', 'res-db', '81');
    await dialog().getByText('res-db is not reached from res-web').waitFor();
    await closed.filter({ hasText: 'nothing in res-db listens on port 81; it listens on 5432' }).waitFor();
    await closed.filter({ hasText: 'refuses the connection' }).waitFor();
    const apart = await test('res-web', 'res-far', '80');
    await apart.filter({ hasText: 'res-far is in res-other' }).waitFor();
    const ended = await test('res-web', 'res-down', '80');
    await ended.filter({ hasText: 'res-down on host h3 is exited' }).waitFor();
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Close' }).click();
  });

  it('is a command, too', async () => {
    const said = await lab.berth(['network', 'test', 'res-web', 'res-db', '--port', '5432']);
    expect(said).toContain('✓ connection: res-web connects to');
    await expect(lab.berth(['network', 'test', 'res-web', 'res-db', '--port', '81'])).rejects.toThrow(
      'res-db is not reached from res-web',
    );
  });
});

describe('a network', () => {
  it('is removed by its name, whatever that is', async () => {
    const { page } = open;
    await lab.docker(['network', 'create', '-d', 'xoverlay', ODD]);
    await page.goto(`${lab.addresses.api}/networks`);
    await page.getByRole('link', { name: ODD }).click();
    await page.getByRole('heading', { name: ODD }).waitFor();
    await page.getByRole('button', { name: 'Remove' }).click();
    const remove = dialog().getByRole('button', { name: 'Remove' });
    expect(await remove.isDisabled()).toBe(true);
    await typeInDialog(page, ODD);
    await remove.click();
    await page.getByRole('heading', { name: /There is no network/ }).waitFor();
    await page.goto(`${lab.addresses.api}/networks/${NET}`);
    await page.getByRole('button', { name: 'Remove' }).click();
    await dialog().getByText('3 containers are in it').waitFor();
    await typeInDialog(page, NET);
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await page.getByText(/has active endpoints/).waitFor();
    expect(await serious()).toEqual([]);
  });
});

describe('images', () => {
  it('show who uses them, and are not removed while somebody does', async () => {
    const { page } = open;
    await go('Images');
    await row('busybox:latest').getByText('h1, h2, h3').waitFor();
    await row('busybox:latest').getByText('res-web').waitFor();
    expect(await serious()).toEqual([]);
    await button('Remove busybox:latest').click();
    await dialog()
      .getByText(/Used by .*res-db/)
      .waitFor();
    await typeInDialog(page, 'busybox:latest');
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await page.getByText(/is using its referenced image|image is being used/).waitFor();
    // What went wrong is shown until it is read, over what is below it.
    const read = page.locator('.toast.tone-bad').getByRole('button', { name: 'Close' });
    while ((await read.count()) > 0) await read.first().click();
    await row('busybox:latest').getByText('h1, h2, h3').waitFor();
  });

  it('are pulled onto the hosts that are chosen, each of which says why it could not', async () => {
    await button('Pull an image').click();
    await dialog().getByLabel('Image').fill('registry.invalid/res/none:1');
    await dialog().getByLabel('Onto').selectOption('these hosts');
    await dialog().getByLabel('h1').check();
    await dialog().getByLabel('h3').check();
    await dialog().getByRole('button', { name: 'Pull', exact: true }).click();
    const hosts = dialog().getByRole('listitem');
    await hosts.filter({ hasText: 'h1' }).getByText('failed').waitFor();
    await hosts.filter({ hasText: 'h3' }).getByText('registry.invalid').waitFor();
    expect(await hosts.count()).toBe(2);
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Close' }).click();
  });

  it('say before a prune what would go, and what Docker uses of each disk', async () => {
    const { page } = open;
    await button('Prune').click();
    await dialog().getByLabel('Those with a name as well').check();
    await dialog()
      .getByText(/Nothing would go|would go, up to/)
      .waitFor();
    // What no registry gives again is not deleted by a press alone.
    const word = dialog().getByLabel('Type prune to confirm');
    const sure = dialog().getByRole('button', { name: 'Delete them' });
    if ((await word.count()) > 0) {
      expect(await sure.isDisabled()).toBe(true);
      await word.fill('prune');
      await expect.poll(() => sure.isEnabled()).toBe(true);
    }
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Close' }).click();
    await button('Measure').click();
    await page.getByRole('rowheader', { name: 'All hosts' }).waitFor();
    expect(await serious()).toEqual([]);
  });
});

describe('a filter of a list', () => {
  const filter = (): Locator => open.page.getByRole('main').getByRole('textbox').first();

  it.each([
    ['/networks', 'Networks', NET],
    ['/volumes', 'Volumes', 'res-data'],
  ])('of %s is in the address, and there again on the way back', async (path, title, name) => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}${path}`);
    await filter().pressSequentially(name.slice(1));
    // A key in the midst of it goes there, and the next one behind that.
    await page.keyboard.press('Home');
    await page.keyboard.type(name.slice(0, 1));
    await expect.poll(() => filter().inputValue()).toBe(name);
    await page.waitForURL(`**${path}?q=${name}`);
    await page.getByRole('main').getByRole('checkbox').first().check();
    await page.waitForURL(`**${path}?q=${name}&checked=true`);
    await page.getByRole('main').getByRole('checkbox').first().uncheck();
    await page.waitForURL(`**${path}?q=${name}`);
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
    await expect.poll(() => filter().inputValue()).toBe(name);
    // A form that is opened over it and left does not end it.
    await button(/^Create a /).click();
    await page.waitForURL(/create=true/);
    await dialog().waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(() => filter().inputValue()).toBe(name);
    await page.waitForURL(`**${path}?q=${name}`);
    await page.reload();
    await row(name).waitFor();
    await expect.poll(() => filter().inputValue()).toBe(name);
  });

  it('of images gives way to what is chosen by Ctrl-K', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/images?q=busybox%3Alatest`);
    await row('busybox:latest').waitFor();
    await filter().fill('zzz');
    await page.getByRole('heading', { name: 'No image matches' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('busybox:latest');
    await page
      .getByRole('option', { name: /^busybox:latest/ })
      .first()
      .click();
    await row('busybox:latest').waitFor();
    await expect.poll(() => filter().inputValue()).toBe('busybox:latest');
    await page.goBack();
    await expect.poll(() => filter().inputValue()).toBe('zzz');
  });
});

describe('volumes', () => {
  it('are made, and say who mounts them where', async () => {
    const { page } = open;
    await go('Volumes');
    await row('res-data').getByText('res-writer').waitFor();
    expect(await serious()).toEqual([]);
    await button('Create a volume').click();
    await dialog().getByLabel('Name', { exact: true }).fill('res made');
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    await dialog().getByRole('alert').getByText('includes invalid characters').waitFor();
    await dialog().getByLabel('Name', { exact: true }).fill('res-made-data');
    expect(await serious()).toEqual([]);
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'res-made-data' }).waitFor();
    await page.getByText('Nobody mounts it').waitFor();
    await go('Volumes');
    await page.getByRole('link', { name: 'res-data', exact: true }).click();
    await row('res-writer').getByText('/data read only').waitFor();
    expect(await serious()).toEqual([]);
  });

  it('are removed by their names, unless somebody has them', async () => {
    const { page } = open;
    const remove = async (name: string) => {
      await button('Remove').click();
      const sure = dialog().getByRole('button', { name: 'Remove' });
      expect(await sure.isDisabled()).toBe(true);
      await typeInDialog(page, name);
      await sure.click();
    };
    await page.goto(`${lab.addresses.api}/volumes/res-data`);
    await remove('res-data');
    await page.getByText('volume res-data is in use by res-writer').waitFor();
    await go('Volumes');
    await page.getByRole('link', { name: 'res-made-data' }).click();
    await remove('res-made-data');
    await page.getByRole('heading', { name: /There is no volume/ }).waitFor();
    expect(await lab.berth(['volume', 'ls', '-q'])).not.toContain('res-made-data');
  });
});
