import type { JobRunView } from '../../../contract/v1/jobs.ts';
import { command } from '../../command.ts';
import { runStyle } from '../../job-run.ts';
import { printList } from '../../list.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { localTime } from '../../terminal/format.ts';

export const jobHistory = command<Record<never, never>, [service: string]>({
  name: 'job history',
  summary: 'List the runs of a job, the newest first',
  arguments: [serviceArgument],
  examples: [['berth job history shop/backup', 'when each ran, where, and how it ended']],
  async run(context, _, service) {
    const { runs } = await context.call('job.history', serviceRef(service));
    printList(context, runs, {
      quiet: undefined,
      id: ({ number }) => String(number),
      empty: 'it has not run yet: "berth job ls" shows when it will',
      columns: [
        { header: 'RUN', align: 'right', cell: ({ number }) => String(number) },
        { header: 'DUE', cell: ({ dueAt }) => localTime(dueAt) },
        {
          header: 'STATE',
          cell: ({ state, count = 1 }) => ({
            text: count === 1 ? state : `${state} (${count})`,
            ...runStyle(state),
          }),
        },
        { header: 'EXIT', align: 'right', cell: ({ exitCode }) => String(exitCode ?? '-') },
        { header: 'TOOK', align: 'right', cell: took },
        { header: 'NODE', cell: ({ hostName }) => hostName || '-' },
        { header: 'BY', cell: ({ by }) => by ?? 'schedule' },
        { header: 'WHY', cell: ({ reason }) => reason },
      ],
    });
  },
});

function took({ startedAt, endedAt }: JobRunView): string {
  if (startedAt === undefined || endedAt === undefined) return '-';
  return `${(Math.max(0, endedAt - startedAt) / 1000).toFixed(1)} s`;
}
