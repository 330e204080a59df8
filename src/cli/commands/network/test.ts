import type { ReachResult, ReachStep } from '../../../contract/v1/networks.ts';
import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';
import type { Output } from '../../terminal/output.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

const MARKS = {
  ok: ['green', '✓'],
  failed: ['red', '✗'],
  unknown: ['yellow', '?'],
  skipped: ['dim', '-'],
} as const;

const TITLES: Readonly<Record<ReachStep['id'], string>> = {
  running: 'both run',
  network: 'a network in common',
  address: 'address',
  name: 'name',
  path: 'way between the hosts',
  listening: 'who listens',
  connection: 'connection',
};

export const networkTest = command<{ port?: number }, [from: string, to: string]>({
  name: 'network test',
  summary: 'Try whether one container reaches another, and say where it breaks',
  details:
    "It is tried from within the first one's network, with its own name servers; nothing is needed in its image. Without --port any answer of the other one will do.",
  arguments: [
    { name: '<FROM>', summary: 'container that connects: name, ID, or HOST/NAME' },
    { name: '<TO>', summary: 'container that is to be reached' },
  ],
  options: [{ flags: '--port <PORT>', summary: 'TCP port of it', parse: parseCount(1, 65_535) }],
  examples: [
    ['berth network test web db --port 5432', 'why does web not reach its database?'],
    ['berth network test web db', 'does anything come back at all?'],
  ],
  async run({ out, globals, call }, { port }, from, to) {
    const result = await call('network.test', { from, to, ...(port === undefined ? {} : { port }) });
    if (globals.json) out.json(result);
    else print(out, result);
    if (result.verdict === 'broken')
      throw new BerthError(
        'engine',
        `${clean(result.to.name)} is not reached from ${clean(result.from.name)}`,
      );
  },
});

function print(out: Output, { steps, verdict, from, to }: ReachResult): void {
  for (const { id, state, text, hint } of steps) {
    const [color, mark] = MARKS[state];
    out.line(`${out.style(color, mark)} ${TITLES[id]}${text === '' ? '' : `: ${clean(text)}`}`);
    if (hint !== undefined) out.line(`  ${clean(hint)}`);
  }
  if (verdict === 'reached') out.note(`${clean(to.name)} is reached from ${clean(from.name)}`);
  if (verdict === 'unknown') out.note('nothing is wrong in what could be looked at; not all could');
}
