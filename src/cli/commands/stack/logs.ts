import { command } from '../../command.ts';
import { type LogFlags, logOptions, showLogs } from '../../show-logs.ts';

export const stackLogs = command<LogFlags, [stack: string]>({
  name: 'stack logs',
  summary: 'Show what the containers of a stack have written',
  details:
    'In the order of time, each line with the container that wrote it; both of its outputs come on standard output. With ' +
    '-f also what comes, containers that are made meanwhile included, until Ctrl-C. With --json each line is an object.',
  arguments: [{ name: '<STACK>', summary: 'its name' }],
  options: [...logOptions],
  examples: [
    ['berth stack logs shop --since 10m', 'of the last ten minutes'],
    ['berth stack logs -f --tail 5 shop', 'the last five lines of each container, then what comes'],
  ],
  run: (context, flags, stack) => showLogs(context, flags, { stack }),
});
