import { BerthError } from '../../../kit/errors.ts';
import type { Run } from '../../commands.ts';
import { unusable, usable, type VlanBackend } from '../backend.ts';
import { bridgeName } from '../device-names.ts';
import { ipBatch, mute } from '../ip.ts';
import { readLinks } from '../links.ts';
import { wordsOf } from '../place.ts';
import { tryKind } from '../trial.ts';
import { makeVeth, removeVeth } from '../veth.ts';
import { carrierObstacle, carrierOf } from '../vlan-device.ts';
import {
  bridgedElsewhere,
  bridgeFor,
  bridgeObstacle,
  ensureLines,
  filterRule,
  isBridged,
  portLines,
  removeLines,
  serviceLines,
} from './bridge-plan.ts';

/** A Linux bridge for each VLAN, over an 802.1q interface; over the uplink itself where frames have no tag. */
export function bridge(run: Run): VlanBackend {
  const bridgeOf = async (place: Parameters<VlanBackend['ensure']>[0]) =>
    bridgeFor(await readLinks(run), place);
  return {
    name: 'bridge',
    preflight: () => tryKind(run, 'bridge'),
    check: async (place) => {
      const links = await readLinks(run);
      const obstacle = carrierObstacle(links, place) ?? bridgeObstacle(links, place);
      if (obstacle !== undefined) return unusable(obstacle);
      if (place.vlanId !== undefined && carrierOf(links, place) === undefined) {
        const tags = await tryKind(run, 'vlan');
        if (!tags.usable) return tags;
      }
      return usable(`${wordsOf(place)} by a Linux bridge`);
    },
    holds: async (place) => isBridged(await readLinks(run), place),
    elsewhere: async (place) => bridgedElsewhere(await readLinks(run), place),
    ensure: async (place) => {
      const links = await readLinks(run);
      await ipBatch(run, ensureLines(links, place));
      const name = bridgeFor(links, place);
      if (name === bridgeName(place.networkId)) await mute(run, name);
      await letThrough(run, name);
    },
    connectService: async (place, { host }) => {
      await mute(run, host);
      await ipBatch(run, serviceLines(await bridgeOf(place), host));
    },
    remove: async (place) => {
      const links = await readLinks(run);
      await forget(run, bridgeFor(links, place));
      await ipBatch(run, removeLines(links, place));
    },
    attach: async (place, port) => {
      await makeVeth(run, place, port);
      await ipBatch(run, portLines(await bridgeOf(place), port.host));
    },
    detach: (_place, port) => removeVeth(run, port),
  };
}

const FILTERS = ['iptables', 'ip6tables'] as const;

async function letThrough(run: Run, name: string): Promise<void> {
  for (const filter of FILTERS) {
    if (await has(run, filter, name)) continue;
    await tolerant(filter, run([filter, '--wait', '--insert', ...filterRule(name)]));
  }
}

async function forget(run: Run, name: string): Promise<void> {
  for (const filter of FILTERS) {
    while (await has(run, filter, name)) await run([filter, '--wait', '--delete', ...filterRule(name)]);
  }
}

async function has(run: Run, filter: string, name: string): Promise<boolean> {
  try {
    await run([filter, '--wait', '--check', ...filterRule(name)]);
    return true;
  } catch {
    return false;
  }
}

/** A host without a packet filter drops nothing; one without IPv6 has no filter for it. */
async function tolerant(filter: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    const missing = thrown instanceof BerthError && thrown.code === 'unsupported';
    if (!missing && filter === 'iptables') throw thrown;
  }
}
