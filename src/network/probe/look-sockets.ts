import type { Socket } from 'node:dgram';
import { setImmediate } from 'node:timers/promises';
import { newLimit } from '../../kit/limit.ts';

/** "Discard" (RFC 863): nothing listens in a probe's namespace, so its kernel says that the port is closed. */
const CLOSED_PORT = 9;
/** When it is said again: a lost packet must not look like a lost host. Milliseconds. */
const SAID_AT = [0, 100, 200];
/** Without an answer to a full packet until then, a small one is tried as well. */
const SMALL_AFTER_MS = 400;
/** Bytes of a small packet inside of the tunnel. */
const SMALL = 100;
/** Bytes of IPv4 and UDP header: a datagram that fills a packet has that much less. */
const HEADERS = 20 + 8;
/** Two for each look. */
const SOCKETS = 40;
const LOOKS = SOCKETS / 2;

/**
 * What a look has found: milliseconds there and back; that full packets are lost and small ones are not; that a host with an
 * IPv4 address cannot speak VXLAN with one that has an IPv6 address; or nothing.
 */
export type Seen = Readonly<
  { ms: number } | { fault: 'size'; bytes: number } | { fault: 'family' } | { fault: 'silent' }
>;

/**
 * Looks whether the kernel of another host answers inside of the tunnel: it says of a datagram to a port where nobody listens
 * that it is closed (ICMP, RFC 1122 section 4.1.3.1), which a connected socket hears as a refusal. No process has to run there.
 */
export class LookSockets {
  private readonly free: Socket[];
  private readonly limited = newLimit(LOOKS);
  private readonly ending = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  /** @param sockets UDP for IPv4, bound in the probe's namespace; they are this object's from now on */
  constructor(private readonly sockets: readonly Socket[]) {
    this.free = [...sockets];
    // One that comes late, for a look that is over.
    for (const socket of sockets) socket.on('error', () => {});
  }

  /** How many it is to be given. */
  static readonly NEEDED = SOCKETS;

  /**
   * @param address the other host's, inside of the tunnel
   * @param mtu bytes of a full packet inside of the tunnel
   * @param ms of silence after which a full packet counts as lost
   * @throws Error where this host's own sockets are of no use
   */
  look(address: string, mtu: number, ms: number): Promise<Seen> {
    const seen = this.limited(() => this.lookAt(address, mtu, ms));
    this.running.add(seen);
    const over = () => this.running.delete(seen);
    seen.then(over, over);
    return seen;
  }

  /** Looks that are under way fail. */
  async close(): Promise<void> {
    this.ending.abort(new Error('the sockets of the probe were closed'));
    await Promise.allSettled(this.running);
    for (const socket of this.sockets) socket.close();
  }

  private async lookAt(address: string, mtu: number, ms: number): Promise<Seen> {
    const answered = new AbortController();
    const signal = AbortSignal.any([answered.signal, this.ending.signal]);
    const small = this.ask(address, SMALL, ms, signal, SMALL_AFTER_MS);
    const full = await this.ask(address, mtu, ms, signal);
    if (full !== undefined) answered.abort();
    const other = await small;
    this.ending.signal.throwIfAborted();
    if (full !== undefined) return { ms: full };
    return other === undefined ? { fault: 'silent' } : { fault: 'size', bytes: mtu };
  }

  /** Milliseconds until the answer; undefined where none came within `ms`, or nobody wants to know any more. */
  private async ask(
    address: string,
    bytes: number,
    ms: number,
    signal: AbortSignal,
    after = 0,
  ): Promise<number | undefined> {
    if (signal.aborted || (after > 0 && !(await waited(after, signal)))) return undefined;
    const socket = this.free.pop();
    if (socket === undefined) throw new Error('more looks than sockets');
    try {
      return await refusal(socket, address, Buffer.alloc(bytes - HEADERS), ms, signal);
    } finally {
      await rested(socket);
      this.free.push(socket);
    }
  }
}

function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (whole: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cut);
      resolve(whole);
    };
    const cut = () => end(false);
    const timer = setTimeout(() => end(true), ms);
    signal.addEventListener('abort', cut);
    if (signal.aborted) cut();
  });
}

function refusal(
  socket: Socket,
  address: string,
  datagram: Buffer,
  ms: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const timers: NodeJS.Timeout[] = [];
    let began = performance.now();
    const end = (answer: number | undefined) => {
      for (const timer of timers) clearTimeout(timer);
      socket.off('error', onError);
      socket.off('connect', onConnect);
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    };
    const onAbort = () => end(undefined);
    // Anything else is said by this host's kernel; it sends nothing then.
    const onError = (error: NodeJS.ErrnoException | null) => {
      if (error?.code === 'ECONNREFUSED') end(performance.now() - began);
    };
    const say = () => socket.send(datagram, onError);
    const onConnect = () => {
      began = performance.now();
      for (const at of SAID_AT) timers.push(setTimeout(say, at));
    };
    socket.on('error', onError);
    socket.on('connect', onConnect);
    signal.addEventListener('abort', onAbort);
    timers.push(setTimeout(() => end(undefined), ms));
    socket.connect(CLOSED_PORT, address);
  });
}

/** What the kernel has noted of this look meanwhile is read before the socket is anybody else's. */
async function rested(socket: Socket): Promise<void> {
  // One that is still being connected cannot be let go of.
  await setImmediate();
  try {
    socket.disconnect();
  } catch {
    // It could not be connected.
  }
  await setImmediate();
  await setImmediate();
}
