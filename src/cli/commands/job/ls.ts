import { command } from '../../command.ts';
import { runStyle } from '../../job-run.ts';
import { printList } from '../../list.ts';
import { when } from '../../terminal/format.ts';

export const jobLs = command<{ quiet?: boolean }>({
  name: 'job ls',
  aliases: ['list'],
  summary: 'List the services that run at their times',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth job ls', 'when each runs next, and how its last run ended']],
  async run(context, { quiet }) {
    const { jobs } = await context.call('job.list', {});
    const now = context.clock.now();
    printList(context, jobs, {
      quiet,
      id: (one) => `${one.stack}/${one.service}`,
      empty: 'no jobs yet: the label berth.cron in a compose file makes one',
      columns: [
        { header: 'NAME', cell: (one) => `${one.stack}/${one.service}` },
        { header: 'SCHEDULE', cell: ({ schedule }) => schedule },
        { header: 'ZONE', cell: ({ timeZone }) => timeZone },
        { header: 'NEXT', cell: ({ nextAt }) => (nextAt === null ? '-' : when(nextAt, now)) },
        { header: 'LAST', cell: ({ last }) => (last === null ? '-' : when(last.dueAt, now)) },
        {
          header: 'STATE',
          cell: ({ last }) => (last === null ? '-' : { text: last.state, ...runStyle(last.state) }),
        },
        { header: 'WHY', cell: ({ last }) => last?.reason ?? '' },
      ],
    });
  },
});
