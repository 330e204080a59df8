import { chmod, chown, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { BerthError } from '../kit/errors.ts';

/** @throws the system's error, such as EADDRINUSE */
export function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    listen();
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Has `server` listen on a unix socket that its owner and `group` may open, and nobody else from its first moment on: it
 * is made in a folder of its own and moved into place once its mode is right.
 * @param group numeric ID; the owner's own group otherwise
 * @throws BerthError `conflict` where another process answers on that path, or it is no socket
 */
export async function listenOnSocket(server: Server, path: string, group?: number): Promise<void> {
  await refuseTaken(path);
  // Short: the whole path of a socket has 107 bytes at most.
  const folder = await mkdtemp(join(dirname(path), '.s'));
  try {
    const draft = join(folder, 's');
    await listening(server, () => server.listen(draft));
    if (group !== undefined) await chown(draft, -1, group);
    await chmod(draft, 0o660);
    await rename(draft, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A socket file that a killed manager left behind may be replaced; one that somebody answers on may not. */
async function refuseTaken(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new BerthError('conflict', `${path} exists and is no socket`, {
      hint: 'remove it, or choose another path',
    });
  }
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
  if (answered) {
    throw new BerthError('conflict', `another process serves ${path}`, {
      hint: 'stop it, or choose another path',
    });
  }
}
