import { readFileSync } from 'node:fs';
import { nameservers, reachableFromContainers } from '../network/dns/resolv-conf.ts';

/** Read anew after this long: DHCP and VPN clients change the file. */
const KEEP_MS = 5_000;
const RESOLV_CONF = '/etc/resolv.conf';
/** Where systemd-resolved, which the first one then names as 127.0.0.53, has the servers that it asks itself. */
const BEHIND_RESOLVED = '/run/systemd/resolve/resolv.conf';

/** Name servers of this machine: those that containers could ask too, where there are such. */
export function hostServers(
  now: () => number,
  read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): () => readonly string[] {
  let kept: readonly string[] = [];
  let readAt = -Infinity;
  return () => {
    if (now() - readAt < KEEP_MS && now() >= readAt) return kept;
    readAt = now();
    const usual = serversIn(RESOLV_CONF, read);
    const behind = reachableFromContainers(usual).length > 0 ? [] : serversIn(BEHIND_RESOLVED, read);
    kept = behind.length > 0 ? behind : usual;
    return kept;
  };
}

/** None where the file cannot be read. */
function serversIn(path: string, read: (path: string) => string): readonly string[] {
  try {
    return nameservers(read(path));
  } catch {
    return [];
  }
}
