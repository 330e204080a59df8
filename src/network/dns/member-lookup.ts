import type { Member } from '../../model/span.ts';
import { isDomainName } from './domain-name.ts';
import type { MemberIndex, NamedNetwork } from './member-index.ts';
import type { ResourceRecord } from './message.ts';
import { TYPE } from './numbers.ts';
import { readServiceName } from './service-ports.ts';
import type { Question } from './wire.ts';

/**
 * Seconds that an answer may be kept. A container that has moved keeps its address, so only names that get or lose a member
 * grow old: 5 s is less than what people wait before they look, and still takes nine of ten questions off a busy client.
 */
export const MEMBER_TTL = 5;

/** The domain of all names within the cluster; it may stand behind any of them. ICANN has reserved it for private use. */
export const DOMAIN = 'internal';

/** `elsewhere`: no name of a network; whoever else there is must be asked. */
export type Found = Readonly<
  | { kind: 'records'; answers: readonly ResourceRecord[]; additionals: readonly ResourceRecord[] }
  | { kind: 'no-data' }
  | { kind: 'no-name' }
  | { kind: 'elsewhere' }
>;

/**
 * What a member of these networks gets to know. A name leads to members that are up; one that has none of them for now does
 * not exist, and is not asked for upstream either.
 * @param random a number in [0, 1): addresses of several members are shuffled
 */
export function lookUp(
  index: MemberIndex,
  networks: readonly NamedNetwork[],
  { name, type }: Question,
  random: () => number,
): Found {
  if (name.endsWith('.arpa')) return reverse(index, networks, name, type);
  const service = readServiceName(name);
  if (service !== undefined) {
    const ported = membersNamed(index, networks, service.host);
    if (ported.length === 0) return ELSEWHERE;
    const serving = ported.filter(
      ({ up, ports }) => up && ports?.includes(`${service.port}/${service.protocol}`),
    );
    if (serving.length === 0) return NO_NAME;
    if (!asks(type, TYPE.SRV)) return NO_DATA;
    return serviceRecords(name, service.port ?? 0, shuffled(serving, random));
  }
  const parent = /^_(tcp|udp|sctp)\.(.+)$/.exec(name);
  if (parent !== null) {
    // No records of its own, but names below it: not the same as none (RFC 8020).
    const below = membersNamed(index, networks, parent[2] ?? '');
    if (below.length === 0) return ELSEWHERE;
    return below.some(({ up, ports }) => up && ports?.some((port) => port.endsWith(`/${parent[1]}`)))
      ? NO_DATA
      : NO_NAME;
  }
  const members = membersNamed(index, networks, name);
  if (members.length === 0) return ELSEWHERE;
  const up = shuffled(
    members.filter((member) => member.up),
    random,
  );
  if (up.length === 0) return NO_NAME;
  const answers = up.flatMap((member) => addressRecords(name, member, type));
  return answers.length === 0 ? NO_DATA : { kind: 'records', answers, additionals: [] };
}

const ELSEWHERE = { kind: 'elsewhere' } as const;
const NO_DATA = { kind: 'no-data' } as const;
const NO_NAME = { kind: 'no-name' } as const;

function asks(type: number, wanted: number): boolean {
  return type === wanted || type === TYPE.ANY;
}

/** A member that the asker meets on several networks is there once for each: it has an address in each. */
function membersNamed(index: MemberIndex, networks: readonly NamedNetwork[], asked: string): Member[] {
  const name = asked.endsWith(`.${DOMAIN}`) ? asked.slice(0, -DOMAIN.length - 1) : asked;
  return networks.flatMap((network) => {
    const domain = `.${network.name.toLowerCase()}`;
    const found = index.named(network.id, name);
    // As with Docker's own networks, `web.NETWORK` is web there.
    return found.length === 0 && name.endsWith(domain)
      ? index.named(network.id, name.slice(0, -domain.length))
      : found;
  });
}

function addressRecords(name: string, { ipv4, ipv6 }: Member, type: number): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  if (ipv4 !== undefined && asks(type, TYPE.A))
    records.push({ name, type: 'A', ttl: MEMBER_TTL, data: ipv4 });
  if (ipv6 !== undefined && asks(type, TYPE.AAAA))
    records.push({ name, type: 'AAAA', ttl: MEMBER_TTL, data: ipv6 });
  return records;
}

function serviceRecords(name: string, port: number, members: readonly Member[]): Found {
  const answers: ResourceRecord[] = [];
  const additionals: ResourceRecord[] = [];
  const told = new Set<string>();
  for (const member of members) {
    const target = fullName(member);
    if (target === undefined) continue;
    additionals.push(...addressRecords(target, member, TYPE.ANY));
    if (told.has(target)) continue;
    told.add(target);
    answers.push({ name, type: 'SRV', ttl: MEMBER_TTL, data: { priority: 0, weight: 1, port, target } });
  }
  return answers.length === 0 ? NO_DATA : { kind: 'records', answers, additionals };
}

function reverse(index: MemberIndex, networks: readonly NamedNetwork[], name: string, type: number): Found {
  const members = networks.flatMap(({ id }) => index.reversed(id, name));
  if (members.length === 0) return ELSEWHERE;
  const names = new Set(members.filter(({ up }) => up).map(fullName));
  names.delete(undefined);
  if (names.size === 0) return NO_NAME;
  if (!asks(type, TYPE.PTR)) return NO_DATA;
  const answers = [...names].map(
    (data): ResourceRecord => ({ name, type: 'PTR', ttl: MEMBER_TTL, data: data ?? '' }),
  );
  return { kind: 'records', answers, additionals: [] };
}

/** What an address is called in answers, and can be asked for again. */
function fullName({ names }: Member): string | undefined {
  const [own] = names;
  const name = `${own?.toLowerCase()}.${DOMAIN}`;
  return own !== undefined && isDomainName(name) ? name : undefined;
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [all[at], all[other]] = [all[other] as T, all[at] as T];
  }
  return all;
}
