import type { IncomingMessage } from 'node:http';
import { messageOf } from '../../kit/errors.ts';
import type { DockerCall } from './call.ts';

const targets = new WeakMap<IncomingMessage, string>();
let count = 0;

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
  const at = deps.clock.now();
  count = (count + 1) % 1_000_000;
  const entry = {
    kind: 'audit' as const,
    id: `${String(at).padStart(15, '0')}-${String(count).padStart(6, '0')}`,
    at,
    user: principal.user,
    via: principal.via,
    from: principal.from,
    action,
    target: targetOf(call).slice(0, 512),
    outcome: outcome.slice(0, 1024),
  };
  deps.store
    .update((tx) => tx.put('audit', entry))
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
