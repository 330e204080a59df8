import { BerthError } from '../kit/errors.ts';
import { portOwner } from './port-owner.ts';

export type Address = Readonly<{ host: string; port: number }>;

/** `0.0.0.0:8443`, `[::]:8443`; the port 0 lets the system choose. Validated by the CLI. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(text.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new BerthError('bad_request', `"${text}" is not an address`, {
      hint: 'write ADDRESS:PORT, such as 0.0.0.0:8443',
    });
  }
  return { host, port };
}

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
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
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
