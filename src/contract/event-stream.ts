import { type Backoff, backoffDelay } from '../kit/backoff.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { BerthError } from '../kit/errors.ts';
import { type LinkedSignal, linkedSignal } from '../kit/linked-signal.ts';
import { type ChangeEvent, changeEventSchema } from './v1/cluster.ts';

/** `id` is what to resume after. */
export type StreamedEvent = Readonly<{ id: string; event: ChangeEvent }>;

export type EventStreamOptions = Readonly<{
  /** ID of the last event that was read; live ones only where it is left out. */
  after?: string;
  signal?: AbortSignal;
  /** False: a lost connection is thrown to the reader. */
  reconnect?: boolean;
  /** Hears when the connection stands, and when it is lost. */
  onState?(state: 'open' | 'lost'): void;
  /** Hears, before the first event, after which ID a stream that has begun now would be resumed. */
  onPosition?(id: string): void;
  /** Nothing for so long, not even a comment, is a lost connection (milliseconds); what TCP thinks of it, if left out. */
  quietMs?: number;
  backoff?: Backoff;
  clock?: Clock;
}>;

const RECONNECT: Backoff = { baseMs: 250, maxMs: 10_000 };

/**
 * Events from `open`, which asks for those after an ID. A lost connection is opened again from where it broke off, any
 * refusal (`unauthenticated`, `forbidden`) is thrown.
 */
export async function* watchEvents(
  open: (after: string | undefined, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
  options: EventStreamOptions,
): AsyncGenerator<StreamedEvent, void> {
  const clock = options.clock ?? systemClock;
  const link = linkedSignal([options.signal]);
  const { signal } = link;
  const { onState = () => undefined, quietMs, backoff = RECONNECT } = options;
  let after = options.after;
  let attempt = 0;
  try {
    while (!signal.aborted) {
      const watch = new QuietWatch(signal, quietMs);
      try {
        const chunks = await open(after, watch.signal);
        onState('open');
        for await (const message of parseEvents(watch.over(chunks))) {
          attempt = 0;
          if (message.id !== '') after = message.id;
          if (message.data === '') options.onPosition?.(message.id);
          // An event of a newer manager that this client does not know of is none of its business.
          const event =
            message.data === '' ? undefined : changeEventSchema.safeParse(JSON.parse(message.data));
          if (event?.success) yield { id: message.id, event: event.data };
        }
        if (options.reconnect === false) return;
      } catch (thrown) {
        if (signal.aborted) return;
        if (options.reconnect === false || (thrown instanceof BerthError && !thrown.retryable)) throw thrown;
      } finally {
        watch.end();
      }
      onState('lost');
      await clock.sleep(backoffDelay(backoff, attempt++), signal).catch(() => undefined);
    }
  } finally {
    // The reader may have left in the middle: the connection goes with it.
    link.fire(new Error('the reader has left'));
  }
}

/** Ends a connection on which nothing comes any more: a network that is gone tells nobody. */
class QuietWatch {
  private readonly link: LinkedSignal;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    parent: AbortSignal,
    private readonly quietMs: number | undefined,
  ) {
    this.link = linkedSignal([parent]);
    this.heard();
  }

  get signal(): AbortSignal {
    return this.link.signal;
  }

  async *over(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.heard();
      yield chunk;
    }
  }

  end(): void {
    clearTimeout(this.timer);
    this.link.fire(new Error('the connection is given up'));
  }

  private heard(): void {
    clearTimeout(this.timer);
    if (this.quietMs === undefined) return;
    const quiet = new Error(`nothing was heard for ${this.quietMs} ms`);
    this.timer = setTimeout(() => this.link.fire(quiet), this.quietMs);
  }
}

type Message = { id: string; data: string };

/** Server-sent events (WHATWG HTML, 9.2.6): fields `id` and `data`; comments keep the connection warm. */
export async function* parseEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Message, void> {
  const decoder = new TextDecoder();
  let rest = '';
  let message: Message = { id: '', data: '' };
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (message.id !== '' || message.data !== '') yield message;
        message = { id: '', data: '' };
      } else if (line.startsWith('id:')) {
        message.id = line.slice(3).trim();
      } else if (line.startsWith('data:')) {
        const value = line.slice(5).replace(/^ /, '');
        message.data = message.data === '' ? value : `${message.data}\n${value}`;
      }
    }
  }
}
