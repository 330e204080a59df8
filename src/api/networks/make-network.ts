import { BerthError } from '../../kit/errors.ts';
import type { AddressHolder } from '../../model/address.ts';
import { parseIp } from '../../model/ip.ts';
import { macOf } from '../../model/mac.ts';
import type { Network } from '../../model/objects.ts';
import type { Span } from '../../model/span.ts';
import { parseSource } from '../../model/spanning/choose-subnet.ts';
import type { SpanDriver } from '../../model/spanning/driver.ts';
import { readSpan, type SpanRequest, type SpanSurroundings } from '../../model/spanning/read-span.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { isSpanning, type SpanningNetwork } from './spanning.ts';
import { dataAddresses } from './take-address.ts';

/**
 * Makes the record of a network that spans hosts, and those of the addresses that nobody else may have in it.
 * @throws BerthError see `readSpan`; `conflict` where the driver cannot have it beside another one
 */
export function makeSpanning(
  tx: WriteTx,
  driver: SpanDriver,
  request: SpanRequest,
  base: Omit<Network, 'span' | 'hostId'>,
): SpanningNetwork {
  const span = readSpan(driver, request, surroundings(tx, base.id));
  const network = { ...base, span };
  for (const other of tx.all('networks')) {
    const refusal = isSpanning(other) ? driver.refusal?.(span, other) : undefined;
    if (refusal !== undefined) throw new BerthError('conflict', refusal);
  }
  putSpanning(tx, network);
  return network;
}

/** Writes the record as it is, with those of the addresses that nobody else may have. */
export function putSpanning(tx: WriteTx, network: SpanningNetwork): void {
  tx.put('networks', network);
  for (const { gateway, aux } of network.span.pools) {
    if (gateway !== undefined) hold(tx, network, gateway, { kind: 'gateway' });
    for (const [name, ip] of Object.entries(aux ?? {})) hold(tx, network, ip, { kind: 'aux', name });
  }
}

function hold(tx: WriteTx, { id }: Network, ip: string, holder: AddressHolder): void {
  const mac = macOf(parseIp(ip) ?? { family: 4, value: 0n });
  tx.put('addresses', { kind: 'address', networkId: id, ip, mac, holder });
}

/** The network that has this one's VXLAN identifier. */
export function numberedAlike(tx: ReadTx, { vni }: Span): Network | undefined {
  return vni === undefined ? undefined : [...tx.all('networks')].find(({ span }) => span?.vni === vni);
}

/** Takes the record away, and those of all its addresses, reserved ones too. */
export function removeSpanning(tx: WriteTx, id: string): void {
  const network = tx.get('networks', id);
  for (const { networkId, ip } of [...tx.by('addresses', 'network', id)])
    tx.delete('addresses', `${networkId}/${ip}`);
  for (const { subnet } of network?.span?.pools ?? []) tx.delete('addressCursors', `${id}/${subnet}`);
  tx.delete('networks', id);
}

function surroundings(tx: ReadTx, networkId: string): SpanSurroundings {
  // Orphans' networks are on the wire still, though no record says so.
  const orphans = [...tx.all('orphans')].flatMap(({ held }) => held?.needs.networks ?? []);
  const spans = [...tx.all('networks'), ...orphans].flatMap(({ span }) => span ?? []);
  return {
    networkId,
    hosts: dataAddresses(tx).map(({ id, name, address }) => {
      const network = tx.get('hostStatus', id)?.network;
      return {
        ...{ name, dataAddress: address },
        ...(network === undefined ? {} : { wireMtu: network.wireMtu }),
      };
    }),
    subnets: () => [
      ...spans.flatMap(({ pools }) => pools.map(({ subnet }) => subnet)),
      ...[...tx.all('observedNetworks')].flatMap(({ raw }) => subnetsOf(raw)),
    ],
    vnis: spans.flatMap(({ vni }) => vni ?? []),
    sources: settingsOf(tx).networkPools.flatMap((text) => parseSource(text) ?? []),
  };
}

/** Of a host's own network, as its engine lists it: containers have a leg in them beside that in a network that spans hosts. */
function subnetsOf(raw: unknown): string[] {
  const configs = (raw as { IPAM?: { Config?: unknown } | null } | null)?.IPAM?.Config;
  if (!Array.isArray(configs)) return [];
  return configs.flatMap((one: { Subnet?: unknown } | null) =>
    typeof one?.Subnet === 'string' ? [one.Subnet] : [],
  );
}
