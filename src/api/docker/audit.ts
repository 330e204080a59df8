import type { IncomingMessage } from 'node:http';
import { messageOf } from '../../kit/errors.ts';
import { putAudit } from '../auth/audit-log.ts';
import type { DockerCall } from './call.ts';

const targets = new WeakMap<IncomingMessage, string>();
const begun = new WeakMap<IncomingMessage, () => void>();

/** `write` is called once: when `auditBegun` says so, or by who has called this. */
export function onceBegun(call: DockerCall, write: () => void): void {
  begun.set(call.req, write);
}

/** A raw connection stands, and may last for days: it goes into the audit log now rather than at its end. */
export function auditBegun(call: DockerCall): void {
  begun.get(call.req)?.();
}

/** Says what a call was done to, where neither path nor query names it (a name that Berth made up). */
export function setAuditTarget(call: DockerCall, target: string): void {
  targets.set(call.req, target);
}

/**
 * Adds an entry to the audit log, without making the client wait for the disk.
 * @param outcome `ok`, or the error in one line
 */
export function writeAudit(call: DockerCall, action: string, outcome: string): void {
  const { deps, principal } = call;
  deps.store
    .update((tx) => putAudit(tx, deps.clock.now(), principal, { action, target: targetOf(call), outcome }))
    .catch((thrown) => deps.logger.error({ action, reason: messageOf(thrown) }, 'audit entry not written'));
}

function targetOf(call: DockerCall): string {
  const set = targets.get(call.req);
  if (set !== undefined) return set;
  const { params, query } = call;
  const named = params.id ?? params.name;
  return (
    named ?? query.get('name') ?? query.get('t') ?? query.get('fromImage') ?? query.get('container') ?? ''
  );
}
