import { createServer } from 'node:net';
import type { Address } from '../cli/values.ts';
import { BerthError } from '../kit/errors.ts';
import { portOwner } from './port-owner.ts';

/**
 * Runs `listen` and turns "address in use" and its like into an error that names the flag, the port and, where the
 * system tells, who has it.
 */
export async function listening<R>(
  what: string,
  flag: string,
  address: Address,
  listen: () => Promise<R>,
): Promise<R> {
  try {
    return await listen();
  } catch (thrown) {
    const code = systemCode(thrown);
    const where = `${address.host}:${address.port}`;
    if (code === 'EADDRINUSE') {
      const owner = portOwner(address.port);
      throw new BerthError(
        'conflict',
        `${what} cannot listen on ${where}: ${owner ?? 'another process'} has that port`,
        {
          hint: `stop it, or give another address with ${flag}`,
          cause: thrown,
        },
      );
    }
    if (code === 'EADDRNOTAVAIL') {
      throw new BerthError(
        'bad_request',
        `${what} cannot listen on ${where}: this machine does not have that address`,
        {
          hint: `give one of its own addresses with ${flag}`,
          cause: thrown,
        },
      );
    }
    if (code === 'EACCES') {
      throw new BerthError('forbidden', `${what} may not listen on ${where}`, {
        hint: `run as root, or give a port above 1023 with ${flag}`,
        cause: thrown,
      });
    }
    throw thrown;
  }
}

/** The system's error code, of the error or of what caused it. */
function systemCode(thrown: unknown): unknown {
  if (thrown instanceof BerthError) return systemCode(thrown.cause);
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}

/**
 * Binds an address and lets it go again: a port that is taken is then told by the command that was typed, and not only
 * in the log of the process that it starts.
 */
export function tryAddress(what: string, flag: string, address: Address): Promise<void> {
  return listening(what, flag, address, async () => {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });
}
