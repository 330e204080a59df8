import type { Address } from '../../model/address.ts';
import type { Host } from '../../model/host.ts';
import { spanDriver } from '../../model/spanning/registry.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { LEFT_ON } from './holder-text.ts';
import { isSpanning, type SpanningNetwork } from './spanning.ts';

/**
 * Before a host is taken out of the cluster: its containers may run on. Where their network is the cluster's own they are cut
 * off, as nobody forwards to them; on a VLAN they are not, so their addresses stay taken until they are released. Returns
 * these.
 */
export function leaveBehind(
  tx: WriteTx,
  host: Pick<Host, 'id' | 'name'>,
): readonly Readonly<{ network: string; ip: string }>[] {
  return held(tx, host.id).flatMap(({ kind, networkId, ip, mac, reservedFor }) => {
    const network = tx.get('networks', networkId);
    // What the host has asked for itself goes with it.
    if (!isSpanning(network) || !isOutside(network) || network.plainOn === host.id) return [];
    tx.put('addresses', {
      ...{ kind, networkId, ip, mac },
      holder: { kind: 'aux', name: `${LEFT_ON}${host.name}`, left: true },
      ...(reservedFor === undefined ? {} : { reservedFor }),
    });
    return [{ network: network.name, ip }];
  });
}

function held(tx: ReadTx, hostId: string): Address[] {
  const own = [...tx.by('containers', 'host', hostId)].flatMap(({ id }) => [
    ...tx.by('addresses', 'container', id),
  ]);
  return [...own, ...tx.by('addresses', 'host', hostId), ...ofOrphans(tx, hostId)];
}

/** What containers there have that a state which was put back does not know; not what is another's by now. */
function ofOrphans(tx: ReadTx, hostId: string): Address[] {
  return [...tx.by('orphans', 'host', hostId)].flatMap(({ held: its }) =>
    (its?.needs.networks ?? []).flatMap(({ id, endpoint }) =>
      [endpoint?.ipv4, endpoint?.ipv6].flatMap((ip): Address[] => {
        if (ip === undefined || endpoint === undefined) return [];
        const known = tx.get('addresses', `${id}/${ip}`);
        if (known !== undefined && known.holder.kind !== 'none') return [];
        const record = { kind: 'address', networkId: id, ip, mac: endpoint.mac } as const;
        return [{ ...known, ...record, holder: { kind: 'none' } }];
      }),
    ),
  );
}

function isOutside({ span }: SpanningNetwork): boolean {
  return spanDriver(span.driver)?.subnets === 'outside';
}
