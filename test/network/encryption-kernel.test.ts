import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger } from '../../src/kit/logger.ts';
import type { Span } from '../../src/model/span.ts';
import { type Run, run } from '../../src/network/commands.ts';
import { namespaceOf } from '../../src/network/xoverlay/device-names.ts';
import { newXoverlayDriver } from '../../src/network/xoverlay/driver.ts';
import { ownNumber } from '../lab/own.ts';
import { tryRun } from '../lab/run.ts';

/** A host: a namespace, whose policies are its own. Kernels that have no ESP have policies. */
const own = await ownNumber();
const HOST = `berth-test-xfrm-${own}`;
const ADDRESS = '127.0.0.1';

/** As the kernel prints that nothing in clear comes or goes, sorted. */
const BLOCKS = [
  'src 0.0.0.0/0 dst 0.0.0.0/0 proto udp dport 4790 dir in action block priority 2000 ptype main',
  'src 0.0.0.0/0 dst 0.0.0.0/0 proto udp dport 4790 dir out action block priority 2000 ptype main',
  'src ::/0 dst ::/0 proto udp dport 4790 dir in action block priority 2000 ptype main',
  'src ::/0 dst ::/0 proto udp dport 4790 dir out action block priority 2000 ptype main',
];
const inHost: Run = (argv, options) => run(['nsenter', `--net=/run/netns/${HOST}`, '--', ...argv], options);
const policies = async () =>
  (await inHost(['ip', 'xfrm', 'policy']))
    .split(/\n(?=\S)/)
    .map((block) => block.replace(/\s+/g, ' ').trim())
    .filter((block) => block !== '')
    .sort();

const network = (id: string, vni: number) => {
  const pools = [{ subnet: '10.213.0.0/24', gateway: '10.213.0.1' }];
  const span: Span = { driver: 'xoverlay', pools, mtu: 1400, internal: false, vni, encrypted: true };
  return { id, engineId: `engine's ${id}`, span };
};
const VNI = 16_772_000 + 2 * own;
const [one, other] = [network(`one ${own}`, VNI), network(`other ${own}`, VNI + 1)] as const;

/** What was blocked when a network's device was made. */
let atDevice: string[] = [];
/** The host's, with ESP where this machine's kernel has none. */
const hostRun: Run = async (argv, options = {}) => {
  const { input = '' } = options;
  if (input.includes('xfrm state')) return '';
  if (input.includes('type vxlan')) atDevice = await policies();
  return inHost(argv, options);
};
const newDriver = () =>
  newXoverlayDriver({ run: hostRun, logger: silentLogger, dataAddress: ADDRESS, vlanUplink: undefined });

async function removeHost(): Promise<void> {
  for (const left of [namespaceOf(one), namespaceOf(other), HOST])
    await tryRun(['ip', 'netns', 'delete', left]);
}
beforeAll(async () => {
  await removeHost(); // left by a run that was killed
  await tryRun(['ip', 'netns', 'add', HOST]);
  await inHost(['ip', 'link', 'add', 'wire', 'up', 'type', 'veth', 'peer', 'name', 'end']);
  await inHost(['ip', 'link', 'set', 'end', 'up']);
  await inHost(['ip', 'address', 'add', '192.0.2.1/24', 'dev', 'wire']);
});
afterAll(removeHost);

it('nothing leaves in clear, from before the device of the first encrypted network until the last has gone', async () => {
  const driver = newDriver();
  await driver.ensure(one);
  expect(atDevice).toEqual(BLOCKS);
  await driver.ensure(other);
  const key = (spi: number) => ({ spi, key: '00'.repeat(36) });
  await driver.keys?.([{ address: '192.0.2.9', own: ADDRESS, out: key(4097), in: [key(4098)] }]);
  await driver.keys?.([]);
  expect(await policies()).toEqual(BLOCKS);
  await driver.remove(one);
  await driver.keys?.([]);
  expect(await policies()).toEqual(BLOCKS);
  await driver.remove(other);
  expect(await policies()).toEqual([]);
});

it('a datagram to that port does not leave', async () => {
  const send = `require('node:dgram').createSocket('udp4').send('x',4790,'192.0.2.9',(e)=>{console.log(e?.code??'sent');process.exit()})`;
  const sent = async () => (await inHost([process.execPath, '-e', send])).trim();
  expect(await sent()).toBe('sent');
  const driver = newDriver();
  await driver.ensure(one);
  expect(await sent()).not.toBe('sent');
  await driver.remove(one);
  expect(await sent()).toBe('sent');
});
