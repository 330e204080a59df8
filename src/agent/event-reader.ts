import { type EngineEvent, engineEventSchema } from '../contract/link.ts';
import { type Engine, openEvents } from '../engine/index.ts';

/** Lines that are remembered; an engine itself keeps 256. */
const REMEMBERED = 512;

/**
 * Reads an engine's events over one stream after the other, each event once: a new stream goes on where the last one broke
 * off.
 */
export class EventReader {
  private since: string | undefined;
  private recent: string[] = [];
  private readonly known = new Set<string>();

  constructor(private readonly engine: Engine) {}

  /** Opens a stream; from the moment that it resolves nothing is missed. */
  async open(signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    const lines = await openEvents(this.engine, { since: this.since, signal });
    const reader = this;
    return {
      async *[Symbol.asyncIterator]() {
        for await (const { value, text } of lines) {
          const event = engineEventSchema.safeParse(value);
          if (event.success && reader.isNew(text)) yield event.data;
        }
      },
    };
  }

  /** `since` is inclusive, so the last events come again; two events are never the same to the nanosecond. */
  private isNew(text: string): boolean {
    if (this.known.has(text)) return false;
    this.known.add(text);
    this.recent.push(text);
    if (this.recent.length > 2 * REMEMBERED) {
      for (const old of this.recent.slice(0, REMEMBERED)) this.known.delete(old);
      this.recent = this.recent.slice(REMEMBERED);
    }
    // Read from the text: as a number it would lose its last digits.
    const nano = /"timeNano":(\d{10,})/.exec(text)?.[1];
    if (nano !== undefined) this.since = `${nano.slice(0, -9)}.${nano.slice(-9)}`;
    return true;
  }
}
