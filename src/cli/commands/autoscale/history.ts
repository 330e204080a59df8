import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { localTime } from '../../terminal/format.ts';

export const autoscaleHistory = command<Record<never, never>, [service: string]>({
  name: 'autoscale history',
  summary: 'List how the number of containers of a service has changed, the newest first',
  details: 'The last 100 changes are kept: by the autoscaler, by hand and by triggers.',
  arguments: [serviceArgument],
  examples: [['berth autoscale history shop/web', 'when, by whom and why']],
  async run(context, _, service) {
    const { changes } = await context.call('autoscale.history', serviceRef(service));
    printList(context, changes, {
      quiet: false,
      id: ({ at }) => String(at),
      empty: 'its number has not changed since it was deployed',
      columns: [
        { header: 'WHEN', cell: ({ at }) => localTime(at) },
        { header: 'FROM', align: 'right', cell: ({ from }) => String(from) },
        { header: 'TO', align: 'right', cell: ({ to }) => String(to) },
        { header: 'BY', cell: ({ by }) => by },
        { header: 'WHY', cell: ({ why }) => why },
      ],
    });
  },
});
