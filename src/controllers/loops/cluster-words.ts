import type { Container } from '../../model/container.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';

export function hostName(tx: ReadTx, hostId: string): string {
  return tx.get('hosts', hostId)?.name ?? hostId;
}

/**
 * Gives a container another assignment. The generation counts on though the user's wish is the same: an agent acts on it
 * anew, and an answer of the host before it cannot be taken for the new one's.
 * @returns the generation
 */
export function assign(tx: WriteTx, record: Container, assigned: Container['assigned']): number {
  const generation = record.desired.generation + 1;
  tx.put('containers', { ...record, desired: { ...record.desired, generation }, assigned });
  return generation;
}

/** As an engine's event: what `docker events` and the dashboard show. */
export type MoveEvent = Readonly<{
  Type: 'container';
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  time: number;
  timeNano: number;
}>;

/** @param attributes hosts are named by name */
export function moveEvent(
  action: 'failover' | 'failover-waits' | 'move' | 'move-back',
  container: Pick<Container, 'id' | 'name'>,
  attributes: Readonly<Record<string, string>>,
  now: number,
): MoveEvent {
  return {
    Type: 'container',
    Action: action,
    Actor: { ID: container.id, Attributes: { name: container.name, ...attributes } },
    time: Math.floor(now / 1000),
    timeNano: now * 1_000_000,
  };
}
