import { useEffect, useRef, useState } from 'react';
import { BerthError, messageOf } from '../../../../src/contract/page-client.ts';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { LogItem } from '../../../../src/contract/v1/services.ts';
import { client } from '../../cluster/client.ts';
import { saveFile } from '../../parts/save-file.ts';
import { KeptLines } from './kept-lines.ts';
import { DOWNLOADED, LogFile } from './log-file.ts';
import { type LogLine, lineOf } from './log-line.ts';
import { LogPlace } from './log-place.ts';
import { queryOf, type Range } from './log-range.ts';

/** Lines are drawn at most this often, milliseconds. */
const DRAW_MS = 100;
/** After so many lines the page gets its turn: a container may write faster than it draws. */
const AT_ONCE = 500;
const AGAIN_MS = 2000;

type Log = Readonly<{
  lines: readonly LogLine[];
  /** Which bound has let older ones go. */
  cutBy: 'lines' | 'bytes' | undefined;
  /** What there was is read. */
  isRead: boolean;
}>;
const NOTHING: Log = { lines: [], cutBy: undefined, isRead: false };

/** A stack, or one of its services: the manager knows which containers these have, also those that come. */
export type LogStack = Readonly<{ stack: string; service?: string }>;

/** Whose log is shown, and of which time. With `stack` the containers are those that it has now. */
export type LogChoice = Readonly<{ containers: readonly ContainerView[]; stack?: LogStack; range: Range }>;

/** Reads and follows the log of one or several containers, over their restarts and lost connections. */
export function useLog({ containers, stack, range }: LogChoice, isConnected: boolean): Log {
  const [log, setLog] = useState(NOTHING);
  const [first] = containers;
  const ids = stack === undefined ? containers.map(({ id }) => id).join(',') : JSON.stringify(stack);
  // Another run of its process is another log to follow: engines end the answer with the process. Of several the manager
  // follows the runs.
  const run =
    stack === undefined && containers.length === 1 && first?.state === 'running' ? first.startedAt : 0;
  const isStack = stack !== undefined;
  const chosen = `${ids} ${JSON.stringify(range)}`;
  const reader = useRef<Reader>(undefined);
  if (reader.current?.chosen !== chosen) reader.current = new Reader(chosen);

  useEffect(() => {
    const own = reader.current;
    if (!isConnected || own === undefined) return;
    const of = {
      ...(isStack ? { ids: [], stack: JSON.parse(ids) as LogStack } : { ids: ids.split(',') }),
      range: JSON.parse(chosen.slice(ids.length + 1)) as Range,
    };
    return own.follow(of, run !== 0 || of.ids.length !== 1, setLog);
  }, [ids, isStack, chosen, run, isConnected]);
  return log;
}

type Whose = Readonly<{ ids: readonly string[]; stack?: LogStack; range: Range }>;
/** Containers that a stack is taken to have where it matters how many lines of each are read first. */
const OF_STACK = 10;

/** What was read of one choice: it goes on where it was after a lost connection. */
class Reader {
  private readonly kept = new KeptLines();
  private count = 0;
  /** By host and name. */
  private readonly places = new Map<string, LogPlace>();

  constructor(readonly chosen: string) {}

  /** @param goesOn an answer that ends is no end of the log */
  follow(whose: Whose, goesOn: boolean, draw: (log: Log) => void): () => void {
    const stop = new AbortController();
    const { signal } = stop;
    let drawing: ReturnType<typeof setTimeout> | undefined;
    const drawNow = () => {
      drawing = undefined;
      draw({ lines: this.kept.all(), cutBy: this.kept.cutBy, isRead: true });
    };
    const drawSoon = () => {
      drawing ??= setTimeout(drawNow, DRAW_MS);
    };
    const again = () => setTimeout(() => signal.aborted || void read(), AGAIN_MS);
    const read = async (): Promise<void> => {
      try {
        for (const place of this.places.values()) place.resume();
        await eachLine(whose, this.after(), signal, (item) => {
          this.take(item);
          drawSoon();
        });
        drawSoon();
        // Of one that runs an answer ends with its host's connection, too.
        if (goesOn && !isOver(whose.range)) again();
      } catch (thrown) {
        if (signal.aborted) return;
        if (thrown instanceof BerthError && !thrown.retryable) {
          this.tell(messageOf(thrown));
          drawSoon();
        } else again();
      }
    };
    // What is quick to come is drawn at once; a container that has written nothing says so soon.
    if (this.count === 0) draw(NOTHING);
    drawing = setTimeout(drawNow, DRAW_MS * 4);
    void read();
    return () => {
      stop.abort(new Error('the log is not looked at'));
      clearTimeout(drawing);
    };
  }

  /** How far all of them were read for certain. */
  private after(): string {
    let least = '';
    for (const { at } of this.places.values()) if (at !== '' && (least === '' || at < least)) least = at;
    return least;
  }

  private take(item: LogItem): void {
    if (item.kind === 'note') {
      this.tell(item.text);
      return;
    }
    const key = `${item.hostName}/${item.container}`;
    let place = this.places.get(key);
    if (place === undefined) {
      place = new LogPlace();
      this.places.set(key, place);
    }
    if (place.take(item.at)) this.add(item.stream, item.at, item.container, item.text);
  }

  /** What every try is told is told once. */
  private tell(text: string): void {
    const last = this.kept.last();
    if (last?.kind !== 'told' || last.text !== text) this.add('told', '', '', text);
  }

  private add(kind: LogLine['kind'], at: string, container: string, text: string): void {
    this.kept.add(lineOf({ key: this.count++, kind, at, container }, text));
  }
}

function isOver(range: Range): boolean {
  return range.is === 'between' && range.to !== undefined;
}

function linesOf({ ids, stack, range }: Whose, after: string, signal: AbortSignal) {
  const asked = queryOf(range, Date.now(), stack === undefined ? ids.length : OF_STACK);
  const { until } = asked;
  const query = {
    ...(after === '' ? asked : { since: secondsOf(after), until }),
    ...(until === undefined ? { follow: true } : {}),
  };
  const options = { signal };
  const [only = ''] = ids;
  if (stack !== undefined) return client.lines('stack.logs', { ...stack, ...query }, options);
  return ids.length === 1
    ? client.lines('container.logs', { container: only, ...query }, options)
    : client.lines('container.logs.merged', { containers: ids.join(','), ...query }, options);
}

async function eachLine(
  whose: Whose,
  after: string,
  signal: AbortSignal,
  take: (item: LogItem) => void,
): Promise<void> {
  let count = 0;
  for await (const item of linesOf(whose, after, signal)) {
    // The rest of what had come already is told again by the next answer.
    if (signal.aborted) return;
    take(item);
    if (++count % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** RFC 3339 with nanoseconds as the API takes it: seconds since the epoch with nine decimals. */
export function secondsOf(at: string): string {
  const [, whole = '', fraction = ''] = /^([^.]+)(?:\.(\d+))?Z$/.exec(at) ?? [];
  return `${Math.floor(Date.parse(`${whole}Z`) / 1000)}.${fraction.padEnd(9, '0')}`;
}

/**
 * All of it, with times, as a file; without the oldest lines, or those after some moment, where it is too much for a page.
 * @param mark the line that stands where others are left out: of how many, where that is known
 * @returns whether some are left out
 */
export async function downloadLog(
  { containers, stack, range }: LogChoice,
  mark: (left: number | undefined) => string,
): Promise<boolean> {
  const ids = containers.map(({ id }) => id);
  const count = stack === undefined ? ids.length : OF_STACK;
  if (count === 0) return false;
  const { since, until } = queryOf(range, Date.now(), count);
  const isNewest = range.is === 'newest';
  const query = isNewest ? { tail: Math.floor(DOWNLOADED / count) } : { since, until };
  const [only = ''] = ids;
  const items =
    stack !== undefined
      ? client.lines('stack.logs', { ...stack, ...query })
      : count === 1
        ? client.lines('container.logs', { container: only, ...query })
        : client.lines('container.logs.merged', { containers: ids.join(','), ...query });
  const file = new LogFile(isNewest ? 'newest' : 'oldest');
  let taken = 0;
  for await (const item of items) {
    const whose = count === 1 || item.kind === 'note' ? '' : `${item.container} `;
    const line = item.kind === 'note' ? `# ${item.text}\n` : `${item.at} ${whose}${item.text}\n`;
    if (!file.add(line)) break;
    if (++taken % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  const { parts, isCut } = file.end((left) => `# ${mark(left)}\n`);
  saveFile(`${fileName()}.log`, 'text/plain', parts);
  return isCut;

  function fileName(): string {
    if (stack !== undefined) return [stack.stack, stack.service].filter(Boolean).join('-');
    return `${containers[0]?.name}${count === 1 ? '' : `-and-${count - 1}`}`;
  }
}
