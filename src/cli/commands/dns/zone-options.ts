import type { OptionSpec } from '../../command.ts';
import { type Address, address, collect, type Parse, parseCount } from '../../values.ts';

const collectServers: Parse = (text, previous, flag) => [
  ...((previous as Address[] | undefined) ?? []),
  address(text, flag, 53),
];

/** Flags of a zone, when it is made and when it is changed. */
export const zoneOptions: readonly OptionSpec[] = [
  {
    flags: '--ns <NAME>',
    summary: 'a name server of the zone; may be given several times, the primary first',
    parse: collect,
  },
  { flags: '--contact <NAME>', summary: 'mail address of who is responsible, with a dot for the @' },
  { flags: '--ttl <SECONDS>', summary: 'of records that say nothing else', parse: parseCount(0, 604_800) },
  {
    flags: '--transfer <ADDRESS>',
    summary: 'address or network that may fetch the zone (AXFR); may be given several times',
    parse: collect,
  },
  {
    flags: '--notify <ADDRESS[:PORT]>',
    summary: 'secondary that is told of each change; may be given several times',
    parse: collectServers,
  },
];

export type ZoneFlags = Readonly<{
  ns?: string[];
  contact?: string;
  ttl?: number;
  transfer?: string[];
  notify?: Address[];
}>;

/** As the API takes them; what was not given is left out. */
export function zoneSettings({ ns, contact, ttl, transfer, notify }: ZoneFlags) {
  return {
    ...(ns === undefined ? {} : { nameservers: ns }),
    ...(contact === undefined ? {} : { contact }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(transfer === undefined ? {} : { transfer }),
    ...(notify === undefined ? {} : { notify: notify.map(({ host, port }) => ({ address: host, port })) }),
  };
}
