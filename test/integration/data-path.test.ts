import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';

const lab: Lab = await sharedLab();
const NETWORK = 'path-net';
const NAMES = ['path-a', 'path-b'];
/** At h2: what comes from h1 and nobody else. */
const rule = (action: '-I' | '-D', ...what: string[]) =>
  lab.exec('h2', ['iptables', '-w', action, 'INPUT', '-s', lab.host('h1').address, ...what, '-j', 'DROP']);
const VXLAN = ['-p', 'udp', '--dport', '4789'];
const TCP = ['-p', 'tcp', '--dport', '4789'];

afterAll(async () => {
  for (const what of [VXLAN, TCP]) await rule('-D', ...what);
  await tryRun(['docker', '-H', lab.endpoint, 'rm', '-f', ...NAMES]);
  await tryRun(['docker', '-H', lab.endpoint, 'network', 'rm', NETWORK]);
});

/** Three rounds of h1: two silences would have been told. */
const lookedAgain = () => setTimeout(16_000);

async function paths(): Promise<{ ms: number | null }[] | undefined> {
  return JSON.parse(await lab.berth(['node', 'inspect', 'h1', '--json']))[0].paths;
}

/** What the list of hosts says of h1. */
async function reason(): Promise<string> {
  const nodes = JSON.parse(await lab.berth(['node', 'ls', '--json'])) as { name: string; reason: string }[];
  return nodes.find(({ name }) => name === 'h1')?.reason ?? '';
}

it('a host whose packets do not get to another one through VXLAN says so, as long as it is so', async () => {
  await lab.docker(['network', 'create', '-d', 'xoverlay', NETWORK]);
  for (const [i, name] of NAMES.entries()) {
    const where = ['-e', `constraint:node==h${i + 1}`];
    await lab.docker(['run', '-d', '--name', name, '--net', NETWORK, ...where, 'busybox', 'sleep', '1000']);
  }
  const address = lab.host('h2').address.replaceAll('.', '\\.');
  const broken = `has a broken data path to h2 \\(${address}\\) since \\d\\d:\\d\\d UTC: `;
  const poll = { timeout: 60_000, interval: 500 };
  await expect.poll(async () => (await paths())?.[0]?.ms, poll).toEqual(expect.any(Number));
  // A machine that stands still for a second is told of for a moment.
  await expect.poll(reason, poll).toBe('');
  // What does not carry containers' packets is no fault.
  await rule('-I', ...TCP);
  await lookedAgain();
  await expect.poll(reason, poll).toBe('');
  await rule('-D', ...TCP);
  await rule('-I', ...VXLAN);
  await expect
    .poll(reason, poll)
    .toMatch(
      new RegExp(`${broken}its machine answers, but VXLAN does not get through: let UDP 4789 through`),
    );
  await rule('-I', ...TCP);
  await expect
    .poll(reason, poll)
    .toMatch(new RegExp(`${broken}no answer within 1 s, neither through VXLAN \\(UDP 4789\\) nor by TCP`));
  for (const what of [VXLAN, TCP]) await rule('-D', ...what);
  await expect.poll(reason, poll).toBe('');
});

it('nothing is left of what it was looked with on a host that is on no network any more', async () => {
  const probes = async () => (await lab.exec('h2', ['ls', '/run/netns'])).stdout.match(/berth-probe\S*/g);
  await expect.poll(probes).toEqual(['berth-probe-4789']);
  await lab.docker(['rm', '-f', ...NAMES]);
  await expect.poll(probes, { timeout: 60_000, interval: 500 }).toBeNull();
});
