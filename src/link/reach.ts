import { connect } from 'node:net';

/** Where a host is looked for. */
export type Target = Readonly<{ host: string; port: number }>;

/** A lost packet must not look like a lost host: the kernel's own second try comes after a second. */
const AGAIN_MS = 100;

/**
 * Whether the machine at an address answers at all. Its kernel does, whatever runs or hangs on it: it accepts the
 * connection or refuses it (RFC 9293, 3.10.7.1), and either will do. A firewall that drops says nothing, so silence means
 * something only where there was an answer before.
 * @returns milliseconds until the answer; undefined where none came within `ms`
 */
export function reach({ host, port }: Target, ms: number): Promise<number | undefined> {
  const began = performance.now();
  return new Promise((resolve) => {
    const sockets: ReturnType<typeof connect>[] = [];
    const timers: NodeJS.Timeout[] = [];
    const end = (answer: number | undefined) => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      resolve(answer);
    };
    const answered = () => end(performance.now() - began);
    const knock = () => {
      const socket = connect({ host, port });
      sockets.push(socket);
      socket.once('connect', answered);
      // Everything else is said by this machine or by a router on the way.
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') answered();
      });
    };
    knock();
    for (let at = AGAIN_MS; at < Math.min(ms, 3 * AGAIN_MS); at += AGAIN_MS)
      timers.push(setTimeout(knock, at));
    timers.push(setTimeout(() => end(undefined), ms));
  });
}
