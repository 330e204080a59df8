import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { addTrunk, must } from '../lab/openvswitch.ts';
import { tryRun } from '../lab/run.ts';

/** Hosts with a second wire, on which containers are to speak with each other. */
let lab: Lab;
const HOSTS = ['h1', 'h2'] as const;
const onTrunk = (host: string) => `10.250.0.${host.slice(1)}`;

beforeAll(async () => {
  lab = await startLab({ hosts: HOSTS.length });
  await addTrunk(lab, HOSTS);
  for (const host of HOSTS)
    await must(lab, host, ['ip', 'address', 'add', `${onTrunk(host)}/24`, 'dev', 'eth1']);
  // Through the cluster, which knows of it then.
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

const reaches = async (ip: string) =>
  (await tryRun(['docker', '-H', lab.endpoint, 'exec', 'one', 'ping', '-c', '1', '-W', '2', ip])).code === 0;
const becomes = (expected: boolean) =>
  expect.poll(() => reaches('10.71.0.2'), { timeout: 60_000, interval: 500 }).toBe(expected);

it('containers of hosts that are given another data address speak by it, those that run among them', async () => {
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet=10.71.0.0/24', 'wide']);
  for (const [i, name] of ['two', 'one'].entries()) {
    const where = ['-e', `constraint:node==h${2 - i}`, '--ip', `10.71.0.${i + 2}`];
    await lab.docker(['run', '-d', '--name', name, '--net', 'wide', ...where, 'busybox', 'sleep', '10000']);
  }
  await becomes(true);
  // The wire that leads to the manager carries no network any more.
  const drop = ['INPUT', '-i', 'eth0', '-p', 'udp', '--dport', '4789', '-j', 'DROP'];
  for (const host of HOSTS) await must(lab, host, ['iptables', '-w', '-I', ...drop]);
  await becomes(false);
  for (const host of HOSTS) {
    await lab.killAgent(host);
    await lab.join(host, { args: ['--data-addr', onTrunk(host)] });
  }
  await lab.waitReady();
  await becomes(true);
  const nodes = JSON.parse(await lab.berth(['node', 'ls', '--json'])) as {
    name: string;
    dataAddress: string;
  }[];
  expect(Object.fromEntries(nodes.map(({ name, dataAddress }) => [name, dataAddress]))).toEqual({
    h1: onTrunk('h1'),
    h2: onTrunk('h2'),
  });
  // And by nothing else: back on the first wire only where that lets them through.
  for (const host of HOSTS) await must(lab, host, ['ip', 'link', 'set', 'eth1', 'down']);
  await becomes(false);
}, 300_000);
