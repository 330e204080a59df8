import type { Change, ReadTx } from '../../store/store.ts';
import { isSpanning } from '../networks/spanning.ts';
import { smallWires } from '../small-wires.ts';

/**
 * What is said of hosts whose wire is too small for a network (`smallWires`), kept: hosts' states change with every few
 * heartbeats, their wires and the networks hardly ever.
 */
export class KnownWires {
  /** By host ID; hosts whose wires are good are not in it. */
  private readonly texts = new Map<string, string>();

  constructor(tx: ReadTx) {
    this.look(
      tx,
      [...tx.all('hosts')].map(({ id }) => id),
    );
  }

  /** A sentence for each network that is too large; empty where all is well. */
  textOf(hostId: string): string {
    return this.texts.get(hostId) ?? '';
  }

  /** Takes in what has changed, and returns the IDs of the hosts of which something else is said by now. */
  apply(tx: ReadTx, changes: readonly Change[]): readonly string[] {
    const touched = new Set<string>();
    for (const change of changes) {
      if (change.table === 'hostStatus' && !isSameWire(change)) touched.add(change.key);
      const network = change.table === 'networks' ? (change.after ?? change.before) : undefined;
      if (network !== undefined && isSpanning(network)) for (const { id } of tx.all('hosts')) touched.add(id);
    }
    return touched.size === 0 ? [] : this.look(tx, touched);
  }

  private look(tx: ReadTx, hostIds: Iterable<string>): readonly string[] {
    const textsOf = smallWires(tx);
    const other: string[] = [];
    for (const id of hostIds) {
      const text = textsOf(id).join('; ');
      if (text === this.textOf(id)) continue;
      other.push(id);
      if (text === '') this.texts.delete(id);
      else this.texts.set(id, text);
    }
    return other;
  }
}

function isSameWire({ before, after }: Change & { table: 'hostStatus' }): boolean {
  return before?.network === after?.network && before?.dataAddress === after?.dataAddress;
}
