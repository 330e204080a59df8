import { setTimeout } from 'node:timers/promises';
import { BerthError, messageOf } from '../../kit/errors.ts';

/** Longer than a network that nobody needs stays, whose VNI this one may have got. */
const TRIES = 75;
const WAIT_MS = 200;

/**
 * Makes a vxlan device. The kernel takes a namespace that is gone down a little later: until then its device holds the VNI.
 * @throws BerthError `conflict` where the VNI is still in use after 15 s; what `make` throws otherwise
 */
export async function whenVniIsFree(vni: number, make: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await make();
      return;
    } catch (thrown) {
      if (!/VNI already exists/.test(messageOf(thrown))) throw thrown;
      if (tries === TRIES)
        throw new BerthError('conflict', `VNI ${vni} is in use on this host by somebody else`, {
          hint: 'look for the device with "ip -d link show type vxlan", also in other namespaces',
          cause: thrown,
        });
    }
    await setTimeout(WAIT_MS);
  }
}
