import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { tryRun } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';
import { Capture } from '../lab/watch.ts';

const lab: Lab = await sharedLab();
const NETWORK = 'secret-words';

beforeAll(() => ensureRequirements([['tcpdump', 'tcpdump']]));
afterAll(async () => {
  await tryRun(['docker', '-H', lab.endpoint, 'rm', '-f', 'speaks', 'hears']);
  await tryRun(['docker', '-H', lab.endpoint, 'network', 'rm', NETWORK]);
});

/** Whether the kernel of this machine has ESP with AES-GCM at all. */
async function kernelEncrypts(): Promise<boolean> {
  const trial = 'src 192.0.2.1 dst 192.0.2.2 proto esp spi 300';
  const key = `0x${'00'.repeat(36)}`;
  const input = `xfrm state add ${trial} mode transport aead rfc4106(gcm(aes)) ${key} 128\nxfrm state delete ${trial}\n`;
  return (await tryRun(['ip', '-batch', '-'], { input })).code === 0;
}

it('an encrypted network encrypts what leaves the host, and is refused in words where the kernel cannot', async () => {
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--opt', 'encrypted', NETWORK]);
  const run = await tryRun([
    ...['docker', '-H', lab.endpoint, 'run', '-d', '--name', 'speaks', '--net', NETWORK],
    ...['-e', 'constraint:node==h1', 'busybox', 'sleep', '1000'],
  ]);
  if (await kernelEncrypts()) {
    expect(run.code).toBe(0);
    const on = ['-e', 'constraint:node==h2', 'busybox', 'sleep', '1000'];
    await lab.docker(['run', '-d', '--name', 'hears', '--net', NETWORK, ...on]);
    const onWire = ['nsenter', `--net=/run/netns/${lab.plan.wire}`, '--'];
    const esp = await Capture.start(onWire, ['-i', 'any', 'esp']);
    const clear = await Capture.start(onWire, ['-i', 'any', 'udp', 'port', '4790']);
    const pings = async () =>
      (await tryRun(['docker', '-H', lab.endpoint, 'exec', 'speaks', 'ping', '-c', '8', 'hears'])).code;
    await expect.poll(pings, { timeout: 60_000 }).toBe(0);
    await expect.poll(() => esp.lines.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
    await esp.end();
    await clear.end();
    expect(clear.received).toBe(0);
  } else {
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(/kernel of this host cannot encrypt networks.*CONFIG_INET_ESP/s);
  }
});
