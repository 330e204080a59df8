import { Readable } from 'node:stream';
import type { Clock } from '../../kit/clock.ts';
import { fineTime } from '../../kit/fine-time.ts';

/** How many past events an engine keeps (daemon/events/events.go: eventsLimit). */
const KEPT = 256;

type Line = Readonly<{ nano: bigint; action: string; id: string; text: string }>;

/** What of the events is wanted, as in the query of `GET /events`; container and event are the filters that are known. */
export type EventQuery = Readonly<{
  since?: string;
  until?: string;
  container?: readonly string[];
  event?: readonly string[];
}>;

/** The events of one simulated engine, and who listens. */
export class EventFeed {
  private kept: Line[] = [];
  private last = 0n;
  private readonly listeners = new Set<Readable>();

  constructor(private readonly clock: Clock) {}

  emit(type: string, action: string, id: string, attributes: Readonly<Record<string, string>> = {}): void {
    // To the nanosecond, as a real engine does: two things in one millisecond have an order.
    const now = BigInt(Math.ceil(fineTime(this.clock) * 1e6));
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
    this.kept.push({ nano: this.last, action, id, text });
    if (this.kept.length > KEPT) this.kept = this.kept.slice(-KEPT);
    for (const listener of this.listeners) listener.push(text);
  }

  /**
   * A stream of events; with `since` (`seconds.nanoseconds`) those kept that are not older come first, with `until` it ends
   * with those that are not younger.
   */
  open({ since, until, container, event }: EventQuery): Readable {
    const stream = new Readable({
      read() {},
      destroy: (error, done) => {
        this.listeners.delete(stream);
        done(error);
      },
    });
    const to = until === undefined ? undefined : nanoseconds(until);
    for (const line of since === undefined ? [] : this.kept) {
      if (line.nano < nanoseconds(since ?? '0') || (to !== undefined && line.nano > to)) continue;
      if (container?.includes(line.id) === false || event?.includes(line.action) === false) continue;
      stream.push(line.text);
    }
    if (to === undefined) this.listeners.add(stream);
    else stream.push(null);
    return stream;
  }

  /** Breaks every stream off, as a stopping engine does. */
  cut(): void {
    for (const listener of [...this.listeners]) listener.push(null);
    this.listeners.clear();
  }
}

function nanoseconds(time: string): bigint {
  const [seconds = '0', fraction = ''] = time.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
