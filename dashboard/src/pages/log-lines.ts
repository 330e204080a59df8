import { useCallback, useEffect, useRef, useState } from 'react';
import { BerthError, messageOf } from '../../../src/contract/page-client.ts';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { LogItem } from '../../../src/contract/v1/services.ts';
import { client } from '../cluster/client.ts';
import { saveFile } from '../parts/save-file.ts';
import { LogPlace } from './log-place.ts';

export type LogLine = Readonly<{
  key: number;
  kind: 'stdout' | 'stderr' | 'told';
  /** RFC 3339; empty for what is not the container's. */
  at: string;
  text: string;
}>;

/** Lines that are kept in the page. */
export const KEPT = 5000;
const FIRST = 1000;
/** A line's characters that are shown. */
const LONGEST = 4000;
/** Lines are drawn at most this often, milliseconds. */
const DRAW_MS = 100;
/** After so many lines the page gets its turn: a container may write faster than it draws. */
const AT_ONCE = 500;
const AGAIN_MS = 2000;
/** Colours and movements of a terminal (ECMA-48), and what no line of text has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const CONTROLS = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f]/g;

type Log = Readonly<{
  lines: readonly LogLine[];
  /** Older ones were let go. */
  isCut: boolean;
  /** What there was is read. */
  isRead: boolean;
}>;

/** Reads and follows a container's log, over its restarts and lost connections. */
export function useLog({ id, state, startedAt }: ContainerView, isConnected: boolean): Log {
  const [log, setLog] = useState<Log>({ lines: [], isCut: false, isRead: false });
  const buffer = useRef<{ lines: LogLine[]; isCut: boolean; count: number }>({
    ...{ lines: [], isCut: false, count: 0 },
  });
  const [place] = useState(() => new LogPlace());
  const add = useCallback((kind: LogLine['kind'], at: string, text: string) => {
    const own = buffer.current;
    own.lines.push({ key: own.count++, kind, at, text: text.slice(0, LONGEST).replace(CONTROLS, '') });
    if (own.lines.length <= KEPT * 1.2) return;
    own.lines = own.lines.slice(-KEPT);
    own.isCut = true;
  }, []);
  // Another run of its process is another log to follow: engines end the answer with the process.
  const run = state === 'running' ? startedAt : 0;

  useEffect(() => {
    if (!isConnected) return;
    const stop = new AbortController();
    const { signal } = stop;
    let drawing: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      drawing = undefined;
      const { lines, isCut } = buffer.current;
      setLog({ lines: [...lines], isCut, isRead: true });
    };
    const drawSoon = () => {
      drawing ??= setTimeout(draw, DRAW_MS);
    };
    // What every try is told is told once.
    const tell = (text: string) => {
      const last = buffer.current.lines.at(-1);
      if (last?.kind !== 'told' || last.text !== text) add('told', '', text);
    };
    const again = () => setTimeout(() => signal.aborted || void follow(), AGAIN_MS);
    const follow = async (): Promise<void> => {
      try {
        place.resume();
        await read(id, place.at, signal, (line) => {
          if (line.kind === 'note') tell(line.text);
          else if (place.take(line.at)) add(line.stream, line.at, line.text);
          drawSoon();
        });
        drawSoon();
        // Of one that runs an answer ends with its host's connection, too.
        if (run !== 0) again();
      } catch (thrown) {
        if (signal.aborted) return;
        if (thrown instanceof BerthError && !thrown.retryable) {
          tell(messageOf(thrown));
          drawSoon();
        } else again();
      }
    };
    // What is quick to come is drawn at once; a container that has written nothing says so soon.
    drawing = setTimeout(draw, DRAW_MS * 4);
    void follow();
    return () => {
      stop.abort(new Error('the log is not looked at'));
      clearTimeout(drawing);
    };
  }, [id, run, isConnected, add, place]);
  return log;
}

async function read(
  container: string,
  after: string,
  signal: AbortSignal,
  take: (item: LogItem) => void,
): Promise<void> {
  const from = after === '' ? { tail: FIRST } : { since: secondsOf(after) };
  let count = 0;
  for await (const item of client.lines('container.logs', { container, follow: true, ...from }, { signal })) {
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

/** Most lines of a download: what is not written to a disk yet is in the page's memory. */
export const DOWNLOADED = 200_000;

/** All of it, with times, as a file. */
export async function downloadLog({ id, name }: Pick<ContainerView, 'id' | 'name'>): Promise<void> {
  const parts: string[] = [];
  for await (const item of client.lines('container.logs', { container: id, tail: DOWNLOADED })) {
    parts.push(item.kind === 'line' ? `${item.at} ${item.text}\n` : `# ${item.text}\n`);
    if (parts.length % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  saveFile(`${name}.log`, 'text/plain', parts);
}
