import { connect, type Socket } from 'node:net';
import { TIME_BOUNDS } from '../model/traffic.ts';

/** How long requests took until their response began: waiting, connecting, and the container's own time. */
export type ResponseTimes = Readonly<{ backend: string; pool: string; counts: readonly number[] }>;

const RECONNECT_MS = 500;
/** A line is below 512 bytes (`maxlen` of the ring). */
const MOST_WITHOUT_LINE = 64 * 1024;

/**
 * Reads the ring in which HAProxy notes times of responses: all of them at up to 1,000 requests a second, above that one of
 * 64. So counts are shares of the requests, not their number. HAProxy does not wait for a reader: what the ring has no room
 * for is lost.
 */
export class TimesReader {
  private histograms = new Map<string, { backend: string; pool: string; counts: number[] }>();
  private socket: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private rest = '';
  private closed = false;

  constructor(private readonly path: string) {}

  /** Reads from the worker that answers now; an earlier one is left, as it would wait for its reader to go. */
  connect(): void {
    if (this.closed) return;
    clearTimeout(this.timer);
    this.socket?.destroy();
    const socket = connect(this.path);
    this.socket = socket;
    this.rest = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.take(text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.socket !== socket || this.closed) return;
      this.timer = setTimeout(() => this.connect(), RECONNECT_MS);
      this.timer.unref();
    });
    socket.write('show events times -w -n\n');
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.destroy();
  }

  /** Counts in the buckets of `TIME_BOUNDS`, since it was read last. */
  read(): readonly ResponseTimes[] {
    const read = [...this.histograms.values()];
    this.histograms = new Map();
    return read;
  }

  /** Lines of the frontend's log-format: backend, server, status, milliseconds of waiting, connecting and answering. */
  take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()?.slice(-MOST_WITHOUT_LINE) ?? '';
    for (const line of lines) {
      const [backend = '', server = '', , ...times] = line.split(' ');
      const [pool = '', address] = server.split(':');
      const milliseconds = times.map(Number);
      // -1: it did not come to that. `<NOSRV>`: the router's own answers.
      if (address === undefined) continue;
      if (milliseconds.length !== 3 || milliseconds.some((part) => !(part >= 0))) continue;
      this.count(
        backend,
        pool,
        milliseconds.reduce((a, b) => a + b, 0),
      );
    }
  }

  private count(backend: string, pool: string, milliseconds: number): void {
    const key = `${backend} ${pool}`;
    const one = this.histograms.get(key) ?? { backend, pool, counts: [...TIME_BOUNDS, 0].map(() => 0) };
    this.histograms.set(key, one);
    const found = TIME_BOUNDS.findIndex((bound) => milliseconds <= bound);
    const bucket = found === -1 ? TIME_BOUNDS.length : found;
    one.counts[bucket] = (one.counts[bucket] ?? 0) + 1;
  }
}
