import { command } from '../command.ts';
import type { DownResult } from '../local.ts';
import { reportOf } from '../local-command.ts';
import { clean } from '../terminal/text.ts';

export const down = command<{ purge?: boolean; yes?: boolean }>({
  name: 'down',
  heading: 'This machine:',
  summary: 'Stop Berth on this machine; containers run on',
  options: [
    {
      flags: '--purge',
      summary: 'also remove everything that Berth made: containers, networks, volumes, its data',
    },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [
    ['berth down', 'stop; "berth up" goes on from there'],
    ['berth down --purge', 'remove everything, after asking'],
  ],
  async run(context, { purge = false, yes }) {
    const { out, globals, dataDir, program } = context;
    if (purge) {
      await context.prompt.confirm(
        `Remove every container, network and volume that Berth made, its users and keys, and ${clean(dataDir)}?`,
        yes,
      );
    }
    const { report, finish } = reportOf<DownResult>(context, (result) => {
      if (globals.json) {
        out.json(result);
        return;
      }
      for (const line of result.removed) out.line(`removed ${clean(line)}`);
      if (result.stopped)
        out.line(purge ? 'stopped' : `stopped; containers run on ("${program} up" goes on from here)`);
      else out.line(`Berth was not running (${clean(dataDir)})`);
    });
    await finish(context.local.down({ dataDir, purge }, report));
  },
});
