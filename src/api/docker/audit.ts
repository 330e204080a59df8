import { messageOf } from '../../kit/errors.ts';
import type { Store } from '../../store/store.ts';
import { type AuditFact, putAudit } from '../auth/audit-log.ts';
import type { Principal } from '../auth/principal.ts';
import type { DockerCall } from './call.ts';

type Entry = Readonly<{ at: number; principal: Principal; fact: AuditFact }>;
/** Entries of this turn of the event loop, which go into the store in one transaction. */
const waiting = new WeakMap<Store, Entry[]>();

/** A raw connection stands, and may last for days: it goes into the audit log now rather than at its end. */
export function auditBegun(call: DockerCall): void {
  call.audit.write();
}

/** Says what a call was done to, where neither path nor query names it (a name that Berth made up). */
export function setAuditTarget(call: DockerCall, target: string): void {
  call.audit.target = target;
}

/** A container that is named by its ID is in the log by its name, also once it is gone. */
export function nameAuditTarget({ audit, deps, params }: DockerCall): void {
  const { id } = params;
  if (id !== undefined) audit.target = deps.store.view((tx) => tx.get('containers', id))?.name;
}

/**
 * Adds an entry to the audit log, without making the client wait for the disk.
 * @param outcome `ok`, or the error in one line
 */
export function writeAudit(call: DockerCall, action: string, outcome: string): void {
  const { deps, principal } = call;
  const entry = { at: deps.clock.now(), principal, fact: { action, target: targetOf(call), outcome } };
  const others = waiting.get(deps.store);
  if (others !== undefined) {
    others.push(entry);
    return;
  }
  waiting.set(deps.store, [entry]);
  setImmediate(() => writeEntries(deps));
}

function writeEntries({ store, logger }: DockerCall['deps']): void {
  const entries = waiting.get(store) ?? [];
  waiting.delete(store);
  store
    .update((tx) => {
      for (const { at, principal, fact } of entries) putAudit(tx, at, principal, fact);
      // The client's next request must not wait for a flush of its own.
    }, 'soon')
    .catch((thrown) =>
      logger.error(
        { actions: entries.map(({ fact }) => fact.action), reason: messageOf(thrown) },
        'audit entries not written',
      ),
    );
}

function targetOf(call: DockerCall): string {
  const { audit, params, query } = call;
  if (audit.target !== undefined) return audit.target;
  const named = params.id ?? params.name;
  return (
    named ?? query.get('name') ?? query.get('t') ?? query.get('fromImage') ?? query.get('container') ?? ''
  );
}
