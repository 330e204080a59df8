import { BerthError } from '../kit/errors.ts';
import type { CliContext, OptionSpec } from './command.ts';
import type { StyleName } from './terminal/style.ts';
import { clean, pad } from './terminal/text.ts';
import { type Parse, parseCount, parseDuration } from './values.ts';

export type LogFlags = Readonly<{
  follow?: boolean;
  tail?: number | 'all';
  since?: Moment;
  until?: Moment;
  timestamps?: boolean;
  /** False with `--no-log-prefix`. */
  logPrefix?: boolean;
}>;

/** So long ago, or at a point in time: seconds. */
type Moment = Readonly<{ ago: number }> | Readonly<{ at: string }>;

const parseMoment: Parse = (text, previous, flag) => {
  if (/^\d{9,12}(\.\d{1,9})?$/.test(text)) return { at: text };
  // Dates without a zone are local ones, as everywhere on the command line.
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const ms = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
    if (Number.isFinite(ms)) return { at: (ms / 1000).toFixed(3) };
  }
  try {
    return { ago: parseDuration(text, previous, flag) };
  } catch {
    throw new BerthError('bad_request', `${flag}: "${text}" is no time`, {
      hint: 'write how long ago (10m, 1h30m), a date (2026-11-29T12:00:00), or seconds since 1970',
    });
  }
};

export const logOptions: readonly OptionSpec[] = [
  { flags: '-f, --follow', summary: 'go on with what is written from now on' },
  {
    flags: '-n, --tail <LINES>',
    summary: 'newest lines of each container',
    parse: (text, previous, flag) => (text === 'all' ? text : parseCount(0, 1_000_000)(text, previous, flag)),
    fallback: 'all',
  },
  { flags: '--since <TIME>', summary: 'nothing older: 10m, 2026-11-29T12:00:00', parse: parseMoment },
  { flags: '--until <TIME>', summary: 'nothing newer', parse: parseMoment },
  { flags: '-t, --timestamps', summary: 'with the time of each line' },
  { flags: '--no-log-prefix', summary: 'without the names of the containers' },
];

const COLOURS: readonly StyleName[] = ['cyan', 'yellow', 'green', 'red'];

/** Prints the log of a stack or of one of its services, until it ends or is no longer wanted. */
export async function showLogs(
  { client, out, globals, clock, signal }: CliContext,
  { follow, tail, since, until, timestamps, logPrefix }: LogFlags,
  ref: Readonly<{ stack: string; service?: string }>,
): Promise<void> {
  const secondsOf = (moment: Moment) =>
    'at' in moment ? moment.at : Math.max(0, clock.now() / 1000 - moment.ago).toFixed(3);
  const connected = await client();
  const items = connected.lines(
    'stack.logs',
    {
      ...ref,
      ...(follow === true ? { follow } : {}),
      ...(typeof tail === 'number' ? { tail } : {}),
      ...(since === undefined ? {} : { since: secondsOf(since) }),
      ...(until === undefined ? {} : { until: secondsOf(until) }),
    },
    { signal },
  );
  const colours = new Map<string, StyleName>();
  let width = 0;
  for await (const item of items) {
    if (item.kind === 'note') {
      out.warn(item.text);
      continue;
    }
    if (globals.json) {
      out.jsonLine(item);
      continue;
    }
    const { container, at, text } = item;
    const colour = colours.get(container) ?? COLOURS[colours.size % COLOURS.length] ?? 'cyan';
    colours.set(container, colour);
    width = Math.max(width, container.length);
    const prefix = logPrefix === false ? '' : `${out.style(colour, `${pad(clean(container), width)} |`)} `;
    out.line(`${prefix}${timestamps === true ? `${clean(at)} ` : ''}${logText(text, out.style)}`);
  }
}

/** Colours stay where the terminal has any; every other control character is made visible, but the tabulator. */
function logText(text: string, style: CliContext['out']['style']): string {
  const colours = style('bold', '') !== '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  const parts = text.split(/(\u001b\[[\d;]*m|\t)/);
  const shown = parts.map((part, i) => {
    if (i % 2 === 0) return clean(part);
    return part === '\t' || colours ? part : '';
  });
  return shown.join('') + (colours && parts.length > 1 ? '\u001b[0m' : '');
}
