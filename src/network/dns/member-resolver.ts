import { isDomainName } from './domain-name.ts';
import type { Server } from './exchange.ts';
import type { Forwarder } from './forwarder.ts';
import type { MemberIndex, NamedNetwork } from './member-index.ts';
import { DOMAIN, lookUp, MEMBER_TTL } from './member-lookup.ts';
import { encodeEmpty, encodeReply, type ResourceRecord, sizeLimit } from './message.ts';
import { RCODE } from './numbers.ts';
import { answerAs, questionAs } from './outside-name.ts';
import { answerFor } from './upstream-answer.ts';
import { isInternet, type Query } from './wire.ts';

/** Who asks, as the packet says: in which network, from which address. */
export type Source = Readonly<{ networkId: string; address: string; transport: 'udp' | 'tcp' }>;

type Options = Readonly<{
  index: MemberIndex;
  forwarder: Forwarder;
  /** Where the rest is asked for. */
  upstream(): readonly Server[];
  /** The member has servers of its own, and asks them for the rest itself. */
  hasServers(memberId: string): boolean;
  /** The domain name for which the member has that name; undefined where it has none. */
  outside?(memberId: string, name: string): string | undefined;
  random?: () => number;
}>;

/**
 * Answers a container: names of the networks that it is on, whichever of them it asks through, and everything else from
 * upstream, where it has no servers of its own to ask. Who is not known sees no name of the cluster.
 */
export class MemberResolver {
  private readonly random: () => number;

  constructor(private readonly options: Options) {
    this.random = options.random ?? Math.random;
  }

  answer(query: Query, source: Source): Buffer | Promise<Buffer> {
    const { index, forwarder } = this.options;
    const { question } = query;
    if (forwarder.loops.caught(question.name)) return encodeEmpty(query, RCODE.REFUSED);
    const asker = index.holder(source.networkId, source.address);
    const networks = asker === undefined ? [] : index.networksOfMember(asker);
    const limit = sizeLimit(query, source.transport);
    const found = isInternet(question)
      ? lookUp(index, networks, question, this.random)
      : ({ kind: 'elsewhere' } as const);
    const said = { authoritative: true, recursionAvailable: true };
    switch (found.kind) {
      case 'records':
        return encodeReply(query, { ...said, rcode: RCODE.NOERROR, ...found }, limit);
      case 'no-data':
        return encodeReply(query, { ...said, rcode: RCODE.NOERROR, authorities: [soa(query)] }, limit);
      case 'no-name':
        return encodeReply(query, { ...said, rcode: RCODE.NXDOMAIN, authorities: [soa(query)] }, limit);
      case 'elsewhere':
        return this.elsewhere(query, source, asker, networks);
    }
  }

  private async elsewhere(
    query: Query,
    source: Source,
    asker: string | undefined,
    networks: readonly NamedNetwork[],
  ): Promise<Buffer> {
    const { index, forwarder, upstream, hasServers } = this.options;
    const through = index.network(source.networkId);
    const ways = networks.length > 0 || through === undefined ? networks : [through];
    // A network without a way out has none by names either: they could carry anything (CVE-2024-29018).
    if (ways.length > 0 && ways.every(({ internal }) => internal)) return encodeEmpty(query, RCODE.SERVFAIL);
    // Servers that a user named are meant as the container sees them: 127.0.0.1 or 169.254.169.254 are others on the host.
    // They stand behind this one in its list, and the engine's resolver goes on to them at this answer.
    if (asker !== undefined && hasServers(asker)) return encodeEmpty(query, RCODE.SERVFAIL);
    const from = asker ?? source.networkId;
    const limit = sizeLimit(query, source.transport);
    const target = asker === undefined ? undefined : this.outsideOf(asker, query);
    if (target !== undefined) {
      const question = questionAs(query.question, target);
      const said = await forwarder.ask({ ...query, question }, upstream(), from);
      if (said === undefined) return encodeEmpty(query, RCODE.SERVFAIL);
      return answerAs(query, target, said.answer, said.age, limit);
    }
    const found = await forwarder.ask(query, upstream(), from);
    if (found === undefined) return encodeEmpty(query, RCODE.SERVFAIL);
    return answerFor(query, found.answer, found.age, limit);
  }

  private outsideOf(asker: string, { question }: Query): string | undefined {
    if (!isInternet(question)) return undefined;
    const target = this.options.outside?.(asker, question.name)?.toLowerCase();
    return target !== undefined && isDomainName(target) && target !== question.name ? target : undefined;
  }
}

/** Says for how long it may be remembered that there is nothing (RFC 2308). */
function soa({ question: { name } }: Query): ResourceRecord {
  return {
    name: name.endsWith(`.${DOMAIN}`) ? DOMAIN : name,
    type: 'SOA',
    ttl: MEMBER_TTL,
    data: {
      mname: `names.${DOMAIN}`,
      rname: `nobody.${DOMAIN}`,
      serial: 1,
      refresh: MEMBER_TTL,
      retry: MEMBER_TTL,
      expire: MEMBER_TTL,
      minimum: MEMBER_TTL,
    },
  };
}
