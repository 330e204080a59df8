import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { capacityOf } from '../../parts/capacity.tsx';
import { toneOf } from '../../parts/state.tsx';
import { type Cells, cellsFor } from './cells.ts';
import { shareOf } from './domains.ts';
import { NO_SERVICE, TONES } from './look.ts';

/** By what containers are coloured. */
export type ColourBy = 'service' | 'health';

/** Of the length of a bar. */
const LEAST_USE = 0.01;

export type PaintOptions = Readonly<{
  by: ColourBy;
  /** Of services, by `stack/name`. */
  colours: ReadonlyMap<string, number>;
  /** In lower case; what has not all of them is dimmed. */
  words: readonly string[];
  /** IDs of containers that would go to another host. */
  leaving: ReadonlySet<string>;
  /** How many would come, by the host's name. */
  coming: ReadonlyMap<string, number>;
}>;

/** Thousandths of a core and bytes. */
export type Amount = Node['reserved'];
/** 0 to 1, and over. */
export type Shares = Readonly<{ cpu: number; memory: number }>;

/** What is drawn of a host, ready for every frame until something of it changes. */
export type HostPaint = Readonly<{
  node: Node;
  containers: readonly ContainerView[];
  cells: Cells;
  reserved: Shares;
  /** Undefined where the host tells nothing. */
  used: Shares | undefined;
  coming: number;
  leaving: ReadonlySet<number>;
  /** Of each container. */
  colours: Uint8Array;
  /** 1 for those that match; undefined where all do. */
  matches: Uint8Array | undefined;
  /** The host itself matches, or something on it does. */
  isMatch: boolean;
  /** How many there are of each colour, in the order of the colours. */
  strip: readonly (readonly [colour: number, count: number])[];
}>;

/** @param used what the host uses now; undefined where it tells nothing */
export function paintOf(
  node: Node,
  containers: readonly ContainerView[],
  options: PaintOptions,
  used?: Amount,
): HostPaint {
  const { by, colours, words, leaving, coming } = options;
  const ownWords = wordsBeyond(node, words);
  const own = new Uint8Array(containers.length);
  const matches = ownWords.length === 0 ? undefined : new Uint8Array(containers.length);
  const gone = new Set<number>();
  const counts = new Map<number, number>();
  let matched = 0;
  containers.forEach((one, i) => {
    const colour = by === 'health' ? TONES[tone(one, node)] : serviceColour(one, colours);
    own[i] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
    if (leaving.has(one.id)) gone.add(i);
    if (matches !== undefined && isMatch(one, ownWords)) {
      matches[i] = 1;
      matched++;
    }
  });
  const more = coming.get(node.name) ?? 0;
  return {
    ...{ node, containers, cells: cellsFor(containers.length + more), coming: more, leaving: gone },
    reserved: sharesOf(node, node.reserved),
    used: used === undefined ? undefined : sharesOf(node, used),
    ...{ colours: own, matches, isMatch: ownWords.length === 0 || matched > 0 },
    strip: [...counts].sort(([a], [b]) => a - b),
  };
}

/** Of what the host has. */
export function sharesOf({ engine }: Node, amount: Amount): Shares {
  const { cpuMilli, memory } = capacityOf(engine);
  return { cpu: shareOf(amount.cpuMilli, cpuMilli), memory: shareOf(amount.memory, memory) };
}

/** Of what is used, what would not be seen to be another is none. */
export function isSameUse({ node, used: before }: HostPaint, now: Amount | undefined): boolean {
  if (before === undefined || now === undefined) return before === undefined && now === undefined;
  const { cpu, memory } = sharesOf(node, now);
  return Math.abs(cpu - before.cpu) < LEAST_USE && Math.abs(memory - before.memory) < LEAST_USE;
}

/** The host has all of the words, or something on it has what the host lacks of them. */
export function isHostMatch(
  node: Node,
  containers: readonly ContainerView[],
  words: readonly string[],
): boolean {
  const ownWords = wordsBeyond(node, words);
  return ownWords.length === 0 || containers.some((one) => isMatch(one, ownWords));
}

/** Those that are not the host's own. */
function wordsBeyond(node: Node, words: readonly string[]): readonly string[] {
  const text = hostText(node);
  return words.filter((word) => !text.includes(word));
}

/** It would be drawn as before. */
export function isSamePaint(
  { node, containers }: HostPaint,
  now: Node,
  there: readonly ContainerView[],
): boolean {
  return containers === there && (node === now || drawn(node) === drawn(now));
}

/** As lists show it: of a host that is down nobody knows what runs there. */
function tone({ state, health }: ContainerView, node: Node) {
  return node.state === 'down' ? 'bad' : toneOf(state, health);
}

export function serviceOf({ service }: ContainerView): string | undefined {
  return service === undefined ? undefined : `${service.stack}/${service.name}`;
}

function serviceColour(one: ContainerView, colours: ReadonlyMap<string, number>): number {
  const service = serviceOf(one);
  return service === undefined ? NO_SERVICE : (colours.get(service) ?? NO_SERVICE);
}

function hostText({ name, labels, state }: Node): string {
  const all = [name, state, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)];
  return all.join(' ').toLowerCase();
}

function isMatch(one: ContainerView, words: readonly string[]): boolean {
  const text = `${one.name} ${one.image} ${serviceOf(one) ?? ''} ${one.state} ${one.health}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function drawn({ name, state, cordoned, labels, engine, reserved }: Node): string {
  return JSON.stringify([name, state, cordoned, labels, engine?.cpus, engine?.memory, reserved]);
}
