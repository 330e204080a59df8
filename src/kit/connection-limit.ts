import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Entry = { readonly socket: Socket; readonly key: Key; work: number };
/** A connection with TLS has two sockets, which share the other end's address; one of a unix socket has none. */
type Key = string | Duplex;

/**
 * How many connections a server keeps. When there are more, the one that has been without work for longest must go: half a
 * handshake, half a request's head, a keep-alive that nobody uses. So whoever opens thousands and says nothing shuts
 * nobody out, and takes neither memory nor file descriptors without end. Where all are at work the newest is refused.
 */
export class ConnectionLimit {
  private readonly entries = new Map<Key, Entry>();
  /** Those without work, longest first. */
  private readonly idle = new Set<Entry>();
  private told = false;

  constructor(
    private readonly max: number,
    /** Every connection is at work and another one was turned away: told once, until there is room again. */
    private readonly onFull: () => void = () => undefined,
  ) {}

  /** Counts every connection of the server from its first moment on, before TLS. */
  watch(server: Server): void {
    server.on('connection', (socket) => this.add(socket));
  }

  /**
   * As `watch`; a request is work until its answer has ended.
   * @param from `head`: clients have been let in by then. `whole`: strangers may send a body as slowly as they like, so
   *   only a request that has come in whole counts
   */
  watchHttp(server: HttpServer, from: 'head' | 'whole'): void {
    this.watch(server);
    server.on('request', (req, res) => {
      const begin = () => {
        // Refused before the end of its body.
        if (!res.writableFinished && !res.destroyed) this.admit(req, res);
      };
      if (from === 'head' || hasNoBody(req)) begin();
      else req.once('end', begin);
    });
    // What it becomes is no request any more, and ends with the connection.
    server.on('upgrade', (req) => this.begin(req));
  }

  /** The body of this request is work, too, though it is not whole: whoever sends it has been let in. */
  admit(req: IncomingMessage, res: ServerResponse): void {
    const entry = this.begin(req);
    if (entry !== undefined) res.once('close', () => this.end(entry));
  }

  /** The connection has proved whose it is and is counted no more. */
  release(socket: Socket): void {
    const entry = this.entries.get(keyOf(socket));
    if (entry !== undefined) this.forget(entry);
  }

  private add(socket: Socket): void {
    const entry: Entry = { socket, key: keyOf(socket), work: 0 };
    if (this.entries.size >= this.max && !this.closeOldest()) {
      if (!this.told) this.onFull();
      this.told = true;
      socket.destroy();
      return;
    }
    this.entries.set(entry.key, entry);
    this.idle.add(entry);
    socket.once('close', () => this.forget(entry));
  }

  private closeOldest(): boolean {
    const [oldest] = this.idle;
    if (oldest === undefined) return false;
    this.forget(oldest);
    oldest.socket.destroy();
    return true;
  }

  private begin({ socket }: IncomingMessage): Entry | undefined {
    const entry = this.entries.get(keyOf(socket));
    if (entry === undefined) return undefined;
    entry.work++;
    this.idle.delete(entry);
    return entry;
  }

  private end(entry: Entry): void {
    entry.work--;
    if (entry.work === 0 && this.entries.get(entry.key) === entry) this.idle.add(entry);
  }

  private forget(entry: Entry): void {
    this.idle.delete(entry);
    // The other end may have taken the same port for its next connection.
    if (this.entries.get(entry.key) === entry) this.entries.delete(entry.key);
    if (this.entries.size < this.max * 0.9) this.told = false;
  }
}

function keyOf(socket: Socket): Key {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}

function hasNoBody({ headers, complete }: IncomingMessage): boolean {
  return (
    complete || (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0)
  );
}
