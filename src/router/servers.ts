import type { Pool } from '../model/router.ts';
import { serverName, serverOptions } from './layout.ts';
import { serverWeights } from './server-weights.ts';
import type { WantedServer } from './tables.ts';

/** The servers of pools that share a backend; those in `maint` are left out, and so leave. */
export function serversOf(pools: readonly Pool[]): ReadonlyMap<string, WantedServer> {
  const weights = serverWeights(pools);
  const servers = new Map<string, WantedServer>();
  pools.forEach((pool, p) => {
    const options = serverOptions(pool);
    pool.servers.forEach((server, s) => {
      const weight = weights[p]?.[s];
      if (weight === undefined) return;
      const host = server.address.includes(':') ? `[${server.address}]` : server.address;
      servers.set(serverName(pool, server), {
        weight,
        out: false,
        address: `${host}:${server.port}`,
        options,
      });
    });
  });
  return servers;
}

/** What stands behind `server` in the configuration, or behind `add server BACKEND/`. */
export function serverWords(name: string, { address, options, weight }: WantedServer): string {
  return [name, address, ...options, 'weight', String(weight)].join(' ');
}
