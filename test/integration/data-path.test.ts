import { afterAll, expect, inject, it } from 'vitest';
import { type Lab, openLab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';

const lab: Lab = openLab(inject('lab'));
const NETWORK = 'path-net';
const NAMES = ['path-a', 'path-b'];
const drop = (action: '-I' | '-D') =>
  lab.exec('h1', ['iptables', '-w', action, 'OUTPUT', '-d', lab.host('h2').address, '-j', 'DROP']);

afterAll(async () => {
  await drop('-D');
  await tryRun(['docker', '-H', lab.endpoint, 'rm', '-f', ...NAMES]);
  await tryRun(['docker', '-H', lab.endpoint, 'network', 'rm', NETWORK]);
});

/** What the list of hosts says of h1. */
async function reason(): Promise<string> {
  const nodes = JSON.parse(await lab.berth(['node', 'ls', '--json'])) as { name: string; reason: string }[];
  return nodes.find(({ name }) => name === 'h1')?.reason ?? '';
}

it('a host that cannot reach the data address of another one says so, as long as it is so', async () => {
  await lab.docker(['network', 'create', '-d', 'xoverlay', NETWORK]);
  for (const [i, name] of NAMES.entries()) {
    const where = ['-e', `constraint:node==h${i + 1}`];
    await lab.docker(['run', '-d', '--name', name, '--net', NETWORK, ...where, 'busybox', 'sleep', '1000']);
  }
  expect(await reason()).toBe('');
  await drop('-I');
  const address = lab.host('h2').address.replaceAll('.', '\\.');
  await expect
    .poll(reason, { timeout: 40_000, interval: 500 })
    .toMatch(new RegExp(`cannot reach the data address of h2 \\(${address}\\) since \\d\\d:\\d\\d UTC`));
  await drop('-D');
  await expect.poll(reason, { timeout: 40_000, interval: 500 }).toBe('');
});
