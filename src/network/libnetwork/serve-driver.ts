import { join } from 'node:path';
import type { KeyedQueue } from '../../kit/keyed-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import type { NetworkDriver } from '../driver.ts';
import type { HostBook } from './host-book.ts';
import { ipamHandlers } from './ipam.ts';
import { networkHandlers } from './network-driver.ts';
import { type PluginServer, servePlugin } from './plugin-server.ts';

/** Where engines look for plugins by name. */
export const PLUGIN_FOLDER = '/run/docker/plugins';

/**
 * Serves a driver to this host's engine, as network and IPAM driver of its name.
 * @throws as `servePlugin`
 */
export function serveDriver(
  options: Readonly<{
    driver: NetworkDriver;
    book: HostBook;
    folder: string;
    logger: Logger;
    /** By the engine's network ID, with whoever else changes what the host has of a network. */
    inTurn: KeyedQueue;
  }>,
): Promise<PluginServer> {
  const { driver, book, folder, logger, inTurn } = options;
  return servePlugin({
    path: join(folder, `${driver.name}.sock`),
    logger,
    handlers: {
      'Plugin.Activate': () => ({ Implements: ['NetworkDriver', 'IpamDriver'] }),
      ...networkHandlers({ driver, book, logger, inTurn }),
      ...ipamHandlers(book),
    },
  });
}
