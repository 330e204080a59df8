import type { ResourceRecord } from '../message.ts';
import { RCODE, TYPE } from '../numbers.ts';
import type { Question } from '../wire.ts';
import { healthyOf, type RecordSet, type ZoneData } from './zone.ts';

/** What a zone says to a question. */
export type ZoneAnswer = Readonly<{
  rcode: number;
  answers: readonly ResourceRecord[];
  authorities: readonly ResourceRecord[];
  additionals: readonly ResourceRecord[];
}>;

/** Aliases of aliases that are followed within a zone; more is a circle, or ought not to be. */
const MAX_ALIASES = 8;

/** The zone that is to answer: the one with the longest name that the question ends with. */
export function zoneFor(zones: ReadonlyMap<string, ZoneData>, name: string): ZoneData | undefined {
  for (let at = name; ; at = at.slice(at.indexOf('.') + 1)) {
    const zone = zones.get(at);
    if (zone !== undefined || !at.includes('.')) return zone;
  }
}

/**
 * RFC 1034, section 4.3.2, and RFC 4592 for wildcards: `*.apps` stands for every name below that is not there itself.
 * @param random a number in [0, 1): sets are shuffled, and one of a weighted set is chosen
 */
export function answerFrom(zone: ZoneData, { name, type }: Question, random: () => number): ZoneAnswer {
  const answers: ResourceRecord[] = [];
  let at = name;
  for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
    const sets = setsOf(zone, at);
    // The alias leads out of the zone: whoever asks goes on there.
    if (at !== zone.zone.name && !at.endsWith(`.${zone.zone.name}`)) break;
    if (sets === undefined) return nothing(zone, RCODE.NXDOMAIN, answers);
    const wanted = sets.filter((set) => type === TYPE.ANY || set.type === type);
    if (wanted.length > 0) {
      for (const set of wanted)
        answers.push(...chosen(set, random).map((record) => ({ ...record, name: at })));
      return {
        rcode: RCODE.NOERROR,
        answers,
        authorities: [],
        additionals: addresses(zone, answers, random),
      };
    }
    const [alias] = sets.find((set) => set.type === TYPE.CNAME)?.records ?? [];
    if (alias === undefined) return nothing(zone, RCODE.NOERROR, answers);
    answers.push({ ...alias.record, name: at });
    at = String('data' in alias.record ? alias.record.data : '');
  }
  return { rcode: RCODE.NOERROR, answers, authorities: [], additionals: [] };
}

/** Sets of the name, or of the wildcard that stands for it; none where it is only above others; undefined: not there. */
function setsOf({ zone, sets, names }: ZoneData, name: string): readonly RecordSet[] | undefined {
  if (names.has(name)) return sets.get(name) ?? [];
  let encloser = name;
  while (!names.has(encloser)) {
    if (encloser === zone.name || !encloser.includes('.')) return undefined;
    encloser = encloser.slice(encloser.indexOf('.') + 1);
  }
  return sets.get(`*.${encloser}`);
}

function nothing({ soa }: ZoneData, rcode: number, answers: readonly ResourceRecord[]): ZoneAnswer {
  const { minimum = 0 } = soa.type === 'SOA' ? soa.data : {};
  const ttl = Math.min(('ttl' in soa ? soa.ttl : 0) ?? 0, minimum);
  return { rcode, answers, authorities: [{ ...soa, ttl }], additionals: [] };
}

function chosen(set: RecordSet, random: () => number): readonly ResourceRecord[] {
  const members = healthyOf(set);
  if (members.every(({ weight }) => weight === undefined)) {
    const from = Math.floor(random() * members.length);
    return [...members.slice(from), ...members.slice(0, from)].map(({ record }) => record);
  }
  const total = members.reduce((sum, { weight = 1 }) => sum + weight, 0);
  // Weights of 0 are a set that is turned off, but for when there is nothing else.
  if (total === 0) return members.map(({ record }) => record);
  let left = random() * total;
  for (const { record, weight = 1 } of members) {
    left -= weight;
    if (left < 0) return [record];
  }
  return members.slice(-1).map(({ record }) => record);
}

/** Addresses of the hosts that SRV, MX and NS records name, where they are in the same zone. */
function addresses(
  zone: ZoneData,
  answers: readonly ResourceRecord[],
  random: () => number,
): ResourceRecord[] {
  const targets = new Set<string>();
  for (const answer of answers) {
    if (answer.type === 'SRV') targets.add(answer.data.target);
    if (answer.type === 'MX') targets.add(answer.data.exchange);
    if (answer.type === 'NS') targets.add(answer.data);
  }
  return [...targets].flatMap((target) =>
    (zone.sets.get(target) ?? [])
      .filter(({ type }) => type === TYPE.A || type === TYPE.AAAA)
      .flatMap((set) => chosen(set, random)),
  );
}
