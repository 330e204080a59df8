import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import type { Run } from '../commands.ts';
import { inNetnsFolder, type Placed, udpPortOf, VXLAN, vniOf } from './device-names.ts';
import type { Entries } from './entries.ts';

const vxlanSchema = z.looseObject({
  id: z.number(),
  port: z.number(),
  local: z.string().optional(),
  local6: z.string().optional(),
});
const linksSchema = z.array(
  z.looseObject({
    ifname: z.string(),
    address: z.string().optional(),
    linkinfo: z
      .looseObject({ info_kind: z.string().optional(), info_data: z.unknown().optional() })
      .optional(),
  }),
);
const forwardingSchema = z.array(z.looseObject({ mac: z.string(), dst: z.string().optional() }));
const neighboursSchema = z.array(z.looseObject({ dst: z.string(), lladdr: z.string().optional() }));

/** statfs(2), of a namespace that is mounted on a file: NSFS_MAGIC. */
const NSFS = 0x6e736673;

/**
 * `broken`: a file without a namespace behind it, which an `ip netns add` leaves that was killed half way. (A restart of the
 * machine leaves nothing, as the folder is in memory.)
 */
export async function namespaceState(namespace: string): Promise<'none' | 'broken' | 'there'> {
  try {
    const { type } = await statfs(inNetnsFolder(namespace));
    return type === NSFS ? 'there' : 'broken';
  } catch {
    return 'none';
  }
}

/** A vxlan device as the kernel shows it. */
type Vxlan = Readonly<{ id: number; port: number; local: string | undefined; mac: string }>;
/** Devices in a network's namespace, by name; of a vxlan device, what it is. */
type Devices = ReadonlyMap<string, Vxlan | undefined>;

/** Undefined where there is no namespace. */
export async function devicesOf(run: Run, namespace: string): Promise<Devices | undefined> {
  if ((await namespaceState(namespace)) !== 'there') return undefined;
  const shown = await run(['ip', '-n', namespace, '-d', '-j', 'link', 'show']);
  const links = linksSchema.parse(parsed(shown));
  return new Map(links.map((link) => [link.ifname, vxlanOf(link)]));
}

function vxlanOf({ address: mac = '', linkinfo }: z.infer<typeof linksSchema>[number]): Vxlan | undefined {
  if (linkinfo?.info_kind !== 'vxlan') return undefined;
  const { id, port, local, local6 } = vxlanSchema.parse(linkinfo.info_data);
  return { id, port, local: local ?? local6, mac };
}

/** Whether a device is the one that the network needs on a host with this data address. */
export function isRight(device: Vxlan | undefined, { span }: Placed, local: string | undefined): boolean {
  return device?.id === vniOf(span) && device.port === udpPortOf(span) && device.local === local;
}

/** What the kernel knows of members on other hosts, at the vxlan device in a namespace. */
export async function entriesIn(run: Run, namespace: string): Promise<Entries> {
  const [fdb, neighbours] = await Promise.all([
    run(['bridge', '-n', namespace, '-j', 'fdb', 'show', 'dev', VXLAN]),
    run(['ip', '-n', namespace, '-j', 'neighbour', 'show', 'dev', VXLAN, 'nud', 'permanent']),
  ]);
  return { forwarding: forwardingOf(fdb), neighbours: neighboursOf(neighbours) };
}

function forwardingOf(shown: string): Map<string, string> {
  const rows = forwardingSchema.parse(parsed(shown));
  return new Map(rows.flatMap(({ mac, dst }) => (dst === undefined ? [] : [[mac, dst]])));
}

function neighboursOf(shown: string): Map<string, string> {
  const rows = neighboursSchema.parse(parsed(shown));
  return new Map(rows.flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [[dst, lladdr]])));
}

/** iproute2 prints nothing at all where there is nothing to list. */
function parsed(text: string): unknown {
  return text.trim() === '' ? [] : JSON.parse(text);
}
