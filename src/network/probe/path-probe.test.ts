import { expect, it } from 'vitest';
import { silentLogger } from '../../kit/logger.ts';
import { PathProbe } from './path-probe.ts';

/** One on a host whose kernel refuses all, or has nobody's namespace. */
function probeAt(dataAddress: string) {
  const ran: string[] = [];
  const probe = new PathProbe({
    dataAddress,
    prefix: 'berth-of-no-kernel',
    logger: silentLogger,
    open: async () => expect.fail('nothing to open'),
    run: async (argv) => {
      ran.push(argv.join(' '));
      throw new Error('Operation not permitted');
    },
  });
  return { probe, ran };
}
const wanted = new Map([['clear' as const, new Set(['192.0.2.2'])]]);

it('what the kernel refuses is not tried again at once, and is no obstacle to taking it away', async () => {
  const { probe, ran } = probeAt('192.0.2.1');
  await expect(probe.hold(wanted)).rejects.toThrow('not permitted');
  await expect(probe.hold(wanted)).rejects.toThrow('not permitted');
  expect(ran).toEqual(['ip netns add berth-of-no-kernel-4789']);
  await probe.remove();
  await expect(probe.look('clear', '192.0.2.2', 1450, 1)).rejects.toThrow('no probe');
});

it('a host whose data address is no IP address makes nothing', async () => {
  const { probe, ran } = probeAt('h1.example');
  await expect(probe.hold(wanted)).rejects.toThrow('data address "h1.example" is no IP address');
  await probe.remove();
  expect(ran).toEqual([]);
});
