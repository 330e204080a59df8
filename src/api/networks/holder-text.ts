import type { Address } from '../../model/address.ts';
import type { ReadTx } from '../../store/store.ts';

/** Who has an address, for errors and lists: `container web on host h1`. */
export function holderText(tx: ReadTx, { holder, reservedFor, formerly }: Address): string {
  switch (holder.kind) {
    case 'container': {
      const container = tx.get('containers', holder.id);
      if (container === undefined) return `container ${holder.id.slice(0, 12)}`;
      return `container ${container.name} on host ${hostName(tx, container.assigned.hostId)}`;
    }
    case 'endpoint':
      return `container ${holder.name ?? holder.endpointId.slice(0, 12)} of plain docker on host ${hostName(tx, holder.hostId)}`;
    case 'gateway':
      return 'the gateway of the network';
    case 'aux':
      if (holder.left === true) return `a container ${holder.name} ("berth ip release" frees it)`;
      return `auxiliary address "${holder.name}"`;
    case 'none':
      if (reservedFor !== undefined) return `a reservation for ${reservedFor}`;
      return formerly === undefined ? 'a container that is gone' : `container ${formerly}, which is gone`;
  }
}

function hostName(tx: ReadTx, hostId: string): string {
  return tx.get('hosts', hostId)?.name ?? hostId;
}
