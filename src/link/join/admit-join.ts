import { timingSafeEqual } from 'node:crypto';
import type { JoinRequest } from '../../contract/join.ts';
import { BerthError } from '../../kit/errors.ts';
import type { JoinToken } from '../../model/access.ts';
import type { Host } from '../../model/host.ts';
import { hashSecret, type ParsedToken } from './token.ts';

/** A host's clock may be off from the manager's by this much, milliseconds. */
export const MAX_CLOCK_SKEW = 5 * 60_000;

const ANOTHER = 'make another with "berth token create"';

/** What the decision stands on; all of it from one view of the store. */
export type JoinFacts = Readonly<{
  /** The request's token, parsed. */
  token: ParsedToken;
  /** The record with that ID. */
  record: JoinToken | undefined;
  /** SHA-256 of this cluster's CA. */
  caHash: string;
  /** The host that has the wanted name already, ignoring case. */
  holder: Host | undefined;
}>;

/**
 * Whether a host may join: pure, so it can run before the certificate is signed and again inside the transaction.
 * @param now the manager's clock, milliseconds since the epoch
 * @throws BerthError whose message says what to do
 */
export function admitJoin(facts: JoinFacts, request: JoinRequest, now: number): JoinToken {
  const { token, record } = facts;
  if (token.caHash !== facts.caHash) {
    throw new BerthError('forbidden', 'the join token is of another cluster', {
      hint: 'make one on this cluster with "berth token create", or give --manager the address of the token\'s cluster',
    });
  }
  if (record === undefined || !sameHash(hashSecret(token.secret), record.secretHash)) {
    throw new BerthError('forbidden', `the join token ${token.id} is unknown (removed?)`, { hint: ANOTHER });
  }
  if (record.usesLeft < 1) {
    const by = record.usedBy.join(', ') || 'another host';
    throw new BerthError('forbidden', `the join token ${record.id} was already used by host ${by}`, {
      hint: ANOTHER,
    });
  }
  if (record.expiresAt <= now) {
    throw new BerthError(
      'forbidden',
      `the join token ${record.id} expired on ${new Date(record.expiresAt).toISOString()}`,
      {
        hint: ANOTHER,
      },
    );
  }
  const skew = clockRefusal(request.now, now);
  if (skew !== undefined) throw skew;
  if (facts.holder !== undefined) {
    throw new BerthError(
      'conflict',
      `the host name ${request.name} is taken in this cluster since ${new Date(facts.holder.joinedAt).toISOString()}`,
      {
        hint: `join under another with --name, or remove the old host first: berth node rm ${facts.holder.name}`,
      },
    );
  }
  return { ...record, usesLeft: record.usesLeft - 1, usedBy: [...record.usedBy, request.name] };
}

/** The record of a host that was let in. The token's labels are the operator's, so they win over the host's own. */
export function joinedHost(
  request: JoinRequest,
  record: JoinToken,
  issued: Readonly<{ hostId: string; certFingerprint: string; now: number }>,
): Host {
  return {
    kind: 'host',
    id: issued.hostId,
    name: request.name,
    labels: { ...request.labels, ...record.labels },
    cordoned: false,
    certFingerprint: issued.certFingerprint,
    machineId: request.machineId,
    joinedAt: issued.now,
    joinTokenId: record.id,
  };
}

/** Why a host with this clock is refused; undefined where the clocks agree. */
export function clockRefusal(hostNow: number, managerNow: number): BerthError | undefined {
  const skew = hostNow - managerNow;
  if (Math.abs(skew) <= MAX_CLOCK_SKEW) return undefined;
  const side = skew < 0 ? 'behind' : 'ahead of';
  return new BerthError('forbidden', `this host's clock is ${span(Math.abs(skew))} ${side} the manager's`, {
    hint: 'set it, e.g. timedatectl set-ntp true, and join again',
  });
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
