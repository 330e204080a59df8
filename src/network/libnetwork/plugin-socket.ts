import { mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { BerthError } from '../../kit/errors.ts';

/**
 * Listens on a plugin's socket, for root alone. A socket that nobody listens on any more is replaced.
 * @throws BerthError `conflict` where another program serves it
 */
export async function listenOn(server: Server, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (await isServed(path)) {
    throw new BerthError('conflict', `another program serves ${path}`, {
      hint: 'end it (an agent of another cluster, or a plugin of that name), then start the agent again',
    });
  }
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, readableAll: false, writableAll: false }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
