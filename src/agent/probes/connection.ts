import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { say } from '../../model/said/index.ts';
import { type CheckContext, type CheckResult, failed, timedOut, unknown } from './check.ts';

/** This host's own troubles, not the container's. */
const OWN_TROUBLES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

/** Whoever answers has no more than so long, and is let go of as soon as there is a result. */
type Dialogue = (socket: Socket, end: (result: CheckResult) => void) => void;

/**
 * Opens a connection to the container and leaves it to `talk`, until there is a result, the other end is gone, or time is
 * up.
 */
export async function converse(
  { target, timeoutMs, signal, stops }: CheckContext,
  { port, tls }: Readonly<{ port: number; tls: boolean }>,
  talk: Dialogue,
): Promise<CheckResult> {
  const host = await target.address();
  if (host === undefined) return failed(say('services.probe.address'));
  return new Promise((resolve) => {
    const began = performance.now();
    // Whoever it is: the host asks whether it answers, and tells it nothing.
    const socket = tls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
    const end = (result: CheckResult) => {
      clearTimeout(timer);
      stops.delete(stop);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end(timedOut(began, timeoutMs)), timeoutMs);
    const stop = () => end(unknown('not asked any more'));
    stops.add(stop);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const own = OWN_TROUBLES.has(error.code ?? '');
      end(own ? unknown(error.message) : failed(error.message));
    });
    socket.once('close', () => end(failed(say('services.probe.closed'))));
    socket.once(tls ? 'secureConnect' : 'connect', () => talk(socket, end));
    if (signal.aborted) stop();
  });
}
