import { describe, expect, it } from 'vitest';
import { BerthError } from '../kit/errors.ts';
import { type EventStreamOptions, watchEvents } from './event-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const event = (n: number) => bytes(`id: e-${n}\ndata: {"kind":"reset"}\n\n`);
const FAST = { baseMs: 1, maxMs: 1 };

/** What the stream tells while each connection brings one of `connections`. */
async function watch(
  connections: readonly ((signal: AbortSignal) => AsyncIterable<Uint8Array>)[],
  options: EventStreamOptions,
  most: number,
): Promise<string[]> {
  const told: string[] = [];
  let at = 0;
  const open = async (after: string | undefined, signal: AbortSignal) => {
    told.push(`asked after ${after ?? 'nothing'}`);
    const connection = connections[at++];
    if (connection === undefined) throw new BerthError('forbidden', 'no more');
    return connection(signal);
  };
  const onState = (state: string) => void told.push(state);
  try {
    for await (const { id } of watchEvents(open, { backoff: FAST, ...options, onState })) {
      told.push(id);
      if (told.filter((line) => line.startsWith('e-')).length === most) break;
    }
  } catch (thrown) {
    told.push(String((thrown as BerthError).code));
  }
  return told;
}

describe('a stream of events', () => {
  it('says when it stands and when it is lost, and goes on from where it was', async () => {
    const one = async function* () {
      yield event(1);
    };
    const two = async function* () {
      yield event(2);
      throw new Error('reset by peer');
    };
    expect(await watch([one, two], {}, 9)).toEqual([
      ...['asked after nothing', 'open', 'e-1', 'lost'],
      ...['asked after e-1', 'open', 'e-2', 'lost'],
      ...['asked after e-2', 'forbidden'],
    ]);
  });

  it('says from where it would be resumed before anything has happened', async () => {
    const quiet = async function* () {
      yield bytes('id: e-7\n\n: warm\n\n');
      yield event(8);
    };
    const positions: string[] = [];
    const told = await watch([quiet], { onPosition: (id) => void positions.push(id) }, 1);
    expect(positions).toEqual(['e-7']);
    expect(told).toEqual(['asked after nothing', 'open', 'e-8']);
  });

  it('takes a connection on which nothing comes for a lost one', async () => {
    const silent = async function* (signal: AbortSignal) {
      yield event(1);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const next = async function* () {
      yield event(2);
    };
    const told = await watch([silent, next], { quietMs: 50 }, 2);
    expect(told).toEqual(['asked after nothing', 'open', 'e-1', 'lost', 'asked after e-1', 'open', 'e-2']);
  });

  it('waits as long as comments come', async () => {
    const warm = async function* (signal: AbortSignal) {
      for (let i = 0; i < 8; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (signal.aborted) throw signal.reason;
        yield bytes(': \n\n');
      }
      yield event(1);
    };
    // Eight pauses, each far shorter than what is too long, and all together longer.
    expect(await watch([warm], { quietMs: 700 }, 1)).toEqual(['asked after nothing', 'open', 'e-1']);
  });
});
