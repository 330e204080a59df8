import type { ReadTx } from '../../store/store.ts';

/** What a request is about, for the audit log: hosts and containers by their names, also where a path has their IDs. */
export function changeTarget(tx: ReadTx, params: object): string {
  const named = Object.entries(params as Record<string, string>).map(([key, value]) => {
    if (key === 'node') return tx.get('hosts', value)?.name ?? value;
    return key === 'container' ? (tx.get('containers', value)?.name ?? value) : value;
  });
  return named.join(' ');
}
