import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import type { Span } from '../../model/span.ts';
import type { Run } from '../commands.ts';
import { namespaceOf, namespacePath, VXLAN } from './device-names.ts';
import type { Entries } from './entries.ts';

const linksSchema = z.array(z.looseObject({ ifname: z.string() }));
const forwardingSchema = z.array(z.looseObject({ mac: z.string(), dst: z.string().optional() }));
const neighboursSchema = z.array(z.looseObject({ dst: z.string(), lladdr: z.string().optional() }));

/** statfs(2), of a namespace that is mounted on a file: NSFS_MAGIC. */
const NSFS = 0x6e736673;

/**
 * `broken`: a file without a namespace behind it, which an `ip netns add` leaves that was killed half way. (A restart of the
 * machine leaves nothing, as the folder is in memory.)
 */
export async function namespaceState(span: Span): Promise<'none' | 'broken' | 'there'> {
  try {
    const { type } = await statfs(namespacePath(span));
    return type === NSFS ? 'there' : 'broken';
  } catch {
    return 'none';
  }
}

/** Names of the devices in a network's namespace; undefined where there is no namespace. */
export async function devicesOf(run: Run, span: Span): Promise<ReadonlySet<string> | undefined> {
  if ((await namespaceState(span)) !== 'there') return undefined;
  const shown = await run(['ip', '-n', namespaceOf(span), '-j', 'link', 'show']);
  return new Set(linksSchema.parse(parsed(shown)).map(({ ifname }) => ifname));
}

/** What the kernel knows of members on other hosts. */
export async function entriesIn(run: Run, span: Span): Promise<Entries> {
  const ns = namespaceOf(span);
  const [fdb, neighbours] = await Promise.all([
    run(['bridge', '-n', ns, '-j', 'fdb', 'show', 'dev', VXLAN]),
    run(['ip', '-n', ns, '-j', 'neighbour', 'show', 'dev', VXLAN, 'nud', 'permanent']),
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
