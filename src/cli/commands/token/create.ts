import { command } from '../../command.ts';
import { when } from '../../terminal/format.ts';
import { clean } from '../../terminal/text.ts';
import { collectLabels, parseCount, parseDuration } from '../../values.ts';

export const tokenCreate = command<{ uses?: number; ttl?: number; label?: Record<string, string> }>({
  name: 'token create',
  summary: 'Print the one line that joins a host',
  details:
    'Run the line as root on the new host. The token in it is shown this once; treat it as a password.',
  options: [
    {
      flags: '--uses <N>',
      summary: 'how many hosts may join with it',
      parse: parseCount(1, 10_000),
      fallback: '1',
    },
    { flags: '--ttl <DURATION>', summary: 'how long it is good for', parse: parseDuration, fallback: '1h' },
    {
      flags: '-l, --label <KEY=VALUE>',
      summary: 'label of each host that joins with it; may be given several times',
      parse: collectLabels,
    },
  ],
  examples: [
    ['berth token create', 'for one host, within the hour'],
    ['berth token create --uses 20 --ttl 1d --label rack=r2', 'for a whole rack'],
  ],
  async run({ out, globals, call, clock }, { uses, ttl, label }) {
    const made = await call('token.create', {
      ...(uses === undefined ? {} : { uses }),
      ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
      ...(label === undefined ? {} : { labels: label }),
    });
    if (globals.json) {
      out.json(made);
      return;
    }
    // The line alone on standard output: it can be piped to where it is needed.
    out.line(clean(made.command));
    const hosts = made.usesLeft === 1 ? 'one host' : `${made.usesLeft} hosts`;
    out.note(`good for ${hosts}, ends ${when(made.expiresAt, clock.now())}; run it as root on the new host`);
  },
});
