import type { AddressHolder } from '../../model/address.ts';

/** The member that holds an address; undefined for one that no container has. */
export function memberId(holder: AddressHolder): string | undefined {
  if (holder.kind === 'container') return holder.id;
  return holder.kind === 'endpoint' ? `${holder.hostId}/${holder.endpointId}` : undefined;
}
