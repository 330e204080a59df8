import { BerthError } from '../../../kit/errors.ts';
import type { Address } from '../../../model/address.ts';
import { serviceKey } from '../../../model/deployment.ts';
import { LABEL_ID } from '../../../model/labels.ts';
import type { ObservedNetwork } from '../../../model/objects.ts';
import type { ReadTx } from '../../../store/store.ts';
import { holderText } from '../../networks/holder-text.ts';
import { removeSpanning } from '../../networks/make-network.ts';
import { isLeaving, LEAVE_MS } from '../../services/leaving.ts';
import type { EngineCall } from '../call.ts';
import { fanOut, hostsOf } from '../fanout.ts';
import { ask, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { until } from '../until.ts';

/** How many holders an error names. */
const NAMED = 5;

/**
 * Takes a network that spans hosts away, with its reservations. Its agents take away what they have made of it, those that
 * are not connected once they are back.
 * @throws BerthError `forbidden` while a container has an address in it, in Docker's words and naming them
 */
export async function removeSpanningNetwork(call: EngineCall, id: string): Promise<void> {
  await until(call.deps.store, LEAVE_MS, (tx) => ![...tx.by('addresses', 'network', id)].some(leaves(tx)));
  const parts = await call.deps.store.update((tx) => {
    const network = tx.get('networks', id);
    const users = [...tx.by('addresses', 'network', id)].filter(isInUse);
    if (users.length > 0) {
      const names = [...new Set(users.map((one) => holderText(tx, one)))].sort();
      const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
      throw new BerthError(
        'forbidden',
        `error while removing network: network ${network?.name} id ${id} has active endpoints: ${names.slice(0, NAMED).join(', ')}${more}`,
        { hint: 'remove the containers, or take them off it with "docker network disconnect"' },
      );
    }
    removeSpanning(tx, id);
    return [...tx.by('observedNetworks', 'name', network?.name ?? '')].filter(
      ({ labels }) => labels[LABEL_ID] === id,
    );
  });
  await removeParts(call, parts);
}

/** At once where that can be; an agent that comes first, or later, is as good. */
async function removeParts(call: EngineCall, parts: readonly ObservedNetwork[]): Promise<void> {
  const here = parts.filter(({ hostId }) => call.deps.engines.connected(hostId));
  const networkOn = new Map(here.map(({ hostId, networkId }) => [hostId, networkId]));
  const hosts = hostsOf(call, 'connected').filter(({ id }) => networkOn.has(id));
  const { warnings } = await fanOut(call, hosts, async ({ id: hostId }, signal) => {
    const path = enginePath(call, `/networks/${encodeURIComponent(networkOn.get(hostId) ?? '')}`);
    const answer = await ask(call, hostId, { method: 'DELETE', path, signal });
    answer.body.resume();
  });
  for (const warning of warnings)
    call.deps.logger.debug({ warning }, 'a host still has its part of a network');
  await observe(call, [...networkOn.keys()], 'observedNetworks');
}

/** Whether an address is of a container that goes with its service. */
function leaves(tx: ReadTx): (address: Address) => boolean {
  return ({ holder }) => {
    const container = holder.kind === 'container' ? tx.get('containers', holder.id) : undefined;
    const member = container?.service;
    if (member === undefined) return false;
    const service = tx.get('services', serviceKey(member.stack, member.name));
    return service === undefined || isLeaving(tx, service);
  };
}

function isInUse({ holder }: Address): boolean {
  return holder.kind === 'container' || holder.kind === 'endpoint';
}

/** True where somebody has the address or may have it, or has reserved it. */
export function isWanted(address: Address): boolean {
  const { holder, reservedFor } = address;
  return isInUse(address) || reservedFor !== undefined || (holder.kind === 'aux' && holder.left === true);
}
