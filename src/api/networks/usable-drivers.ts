import type { ReadTx } from '../../store/store.ts';

/** Why a host cannot take part in networks of that driver, in a sentence; undefined where it can. */
export function unusable(tx: ReadTx, hostId: string, driver: string): string | undefined {
  const status = tx.get('hostStatus', hostId);
  if (status?.network === undefined)
    return 'its agent knows no networks that span hosts: it is of an older release';
  const found = status.network.drivers[driver];
  if (found?.usable === true) return undefined;
  return found?.reason || `its agent has no network driver "${driver}"`;
}

/** Names of the hosts that can take part, and why others cannot; hosts that are down are left out. */
export function driverHosts(
  tx: ReadTx,
  driver: string,
): Readonly<{ usable: readonly string[]; refusals: readonly string[] }> {
  const usable: string[] = [];
  const refusals: string[] = [];
  for (const { id, name } of [...tx.all('hosts')].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const state = tx.get('hostStatus', id)?.state ?? 'pending';
    if (state === 'down' || state === 'pending') continue;
    const reason = unusable(tx, id, driver);
    if (reason === undefined) usable.push(name);
    else refusals.push(`${name}: ${reason}`);
  }
  return { usable, refusals };
}
