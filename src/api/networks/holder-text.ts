import type { HeldBy } from '../../contract/v1/addresses.ts';
import type { Address } from '../../model/address.ts';
import { say } from '../../model/said/index.ts';
import type { ReadTx } from '../../store/store.ts';

/** What stands before the name of the host that a container was left on. */
export const LEFT_ON = 'left on host ';

/** Who has an address. */
export function heldBy(tx: ReadTx, { holder, reservedFor, formerly }: Address): HeldBy {
  switch (holder.kind) {
    case 'container': {
      const container = tx.get('containers', holder.id);
      if (container === undefined) return { kind: 'container', name: holder.id.slice(0, 12) };
      return { kind: 'container', name: container.name, host: hostName(tx, container.assigned.hostId) };
    }
    case 'endpoint': {
      const { name, endpointId, hostId } = holder;
      return { kind: 'plain', name: name ?? endpointId.slice(0, 12), host: hostName(tx, hostId) };
    }
    case 'gateway':
      return { kind: 'gateway' };
    case 'aux':
      if (holder.left === true) return { kind: 'left', host: holder.name.replace(LEFT_ON, '') };
      return { kind: 'aux', name: holder.name };
    case 'none':
      if (reservedFor !== undefined) return { kind: 'reservation', name: reservedFor };
      return { kind: 'gone', ...(formerly === undefined ? {} : { name: formerly }) };
  }
}

/** Who has an address, for errors and lists: `container web on host h1`. */
export function holderText(tx: ReadTx, address: Address): string {
  const who = heldBy(tx, address);
  switch (who.kind) {
    case 'container':
      return who.host === undefined
        ? say('who.container', { name: who.name })
        : say('hosts.holder.container', { name: who.name, host: who.host });
    case 'plain':
      return say('hosts.holder.plain', { name: who.name, host: who.host });
    case 'gateway':
      return say('hosts.holder.gateway');
    case 'left':
      return say('hosts.holder.left', { host: who.host });
    case 'aux':
      return say('hosts.holder.aux', { name: who.name });
    case 'reservation':
      return say('hosts.holder.reservation', { name: who.name });
    case 'gone':
      return who.name === undefined
        ? say('hosts.holder.gone')
        : say('hosts.holder.gone.of', { name: who.name });
  }
}

function hostName(tx: ReadTx, hostId: string): string {
  return tx.get('hosts', hostId)?.name ?? hostId;
}
