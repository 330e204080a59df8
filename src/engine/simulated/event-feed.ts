import { Readable } from 'node:stream';
import type { Clock } from '../../kit/clock.ts';

/** How many past events an engine keeps (daemon/events/events.go: eventsLimit). */
const KEPT = 256;

type Line = Readonly<{ nano: bigint; text: string }>;

/** The events of one simulated engine, and who listens. */
export class EventFeed {
  private kept: Line[] = [];
  private last = 0n;
  private readonly listeners = new Set<Readable>();

  constructor(private readonly clock: Clock) {}

  emit(type: string, action: string, id: string, attributes: Readonly<Record<string, string>> = {}): void {
    const now = BigInt(this.clock.now()) * 1_000_000n;
    // Each event has a time of its own, as on a real engine.
    this.last = now > this.last ? now : this.last + 1_000n;
    const body = {
      ...(type === 'container' ? { status: action, id, from: attributes.image ?? '' } : {}),
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Number(this.last / 1_000_000_000n),
    };
    // Nanoseconds do not fit a double: written by hand, digit by digit, as a real engine does.
    const text = `${JSON.stringify(body).slice(0, -1)},"timeNano":${this.last}}\n`;
    this.kept.push({ nano: this.last, text });
    if (this.kept.length > KEPT) this.kept = this.kept.slice(-KEPT);
    for (const listener of this.listeners) listener.push(text);
  }

  /** A stream of events; with `since` (`seconds.nanoseconds`) those kept that are not older come first. */
  open(since: string | null): Readable {
    const stream = new Readable({
      read() {},
      destroy: (error, done) => {
        this.listeners.delete(stream);
        done(error);
      },
    });
    if (since !== null) {
      const [seconds = '0', fraction = ''] = since.split('.');
      const from = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
      for (const line of this.kept) if (line.nano >= from) stream.push(line.text);
    }
    this.listeners.add(stream);
    return stream;
  }

  /** Breaks every stream off, as a stopping engine does. */
  cut(): void {
    for (const listener of [...this.listeners]) listener.push(null);
    this.listeners.clear();
  }
}
