import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { say } from '../../model/said/index.ts';

/** `pingMs`: how often the other end is asked. `deadMs`: silent for this long, it is given up. Milliseconds. */
export type KeepAlive = Readonly<{ pingMs: number; deadMs: number }>;

export const DEFAULT_KEEP_ALIVE: KeepAlive = Object.freeze({ pingMs: 1000, deadMs: 5000 });

/**
 * Notices a link that was cut without a word. Any byte is a sign of life, so a full line is not taken for a dead one
 * where the answer to a ping waits behind data. Silence is counted in rounds rather than by the clock: a process that
 * was itself held up for long (a stopped virtual machine, a full disk) hears what has arrived before it judges.
 * @returns ends the watch
 */
export function keepAlive(
  session: Http2Session,
  socket: Socket,
  options: KeepAlive,
  onDead: (reason: string) => void,
): () => void {
  const rounds = Math.max(1, Math.ceil(options.deadMs / options.pingMs));
  let heard = true;
  let bytes = socket.bytesRead;
  let silent = 0;
  const timer = setInterval(() => {
    const spoke = socket.bytesRead !== bytes;
    if (spoke) heard = true;
    bytes = socket.bytesRead;
    silent = heard ? 0 : silent + 1;
    heard = false;
    if (silent >= rounds) {
      clearInterval(timer);
      onDead(say('hosts.closed.unheard', { seconds: ((silent * options.pingMs) / 1000).toFixed(1) }));
      return;
    }
    // Who has just been heard need not be asked: of two ends that speak every second, none asks. Where one unanswered
    // ping is the whole patience, there is none to spare.
    if (session.destroyed || (silent === 0 && rounds > 2 && spoke)) return;
    session.ping((error) => {
      if (error === null) heard = true;
    });
  }, options.pingMs);
  return () => clearInterval(timer);
}
