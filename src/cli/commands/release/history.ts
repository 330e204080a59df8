import type { Release } from '../../../contract/v1/releases.ts';
import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { when } from '../../terminal/format.ts';

export const releaseHistory = command<{ quiet?: boolean }, [service: string]>({
  name: 'release history',
  summary: 'List the releases of a service, the newest first',
  details: 'The last 20 are kept. --json has what each has changed, with values.',
  arguments: [serviceArgument],
  options: [{ flags: '-q, --quiet', summary: 'print the numbers only' }],
  examples: [['berth release history shop/web', 'who has released what']],
  async run(context, { quiet }, service) {
    const { releases } = await context.call('release.history', serviceRef(service));
    printList(context, releases, {
      quiet,
      id: ({ number }) => String(number),
      empty: 'no releases',
      columns: [
        { header: 'RELEASE', align: 'right', cell: ({ number }) => String(number) },
        { header: 'STATE', cell: ({ state }) => state },
        { header: 'IMAGE', cell: ({ image }) => image },
        { header: 'WHEN', cell: ({ at }) => when(at, context.clock.now()) },
        { header: 'BY', cell: ({ by }) => by },
        { header: 'CHANGES', cell: (release) => changesOf(release) },
        { header: 'WHY', cell: ({ reason }) => reason },
      ],
    });
  },
});

function changesOf({ cause, changes }: Release): string {
  if (cause.kind === 'restart') return 'restart';
  if (cause.kind === 'redeploy') return 'image pulled anew';
  if (cause.kind === 'rollback') return `back to ${cause.to}${cause.automatic ? ', by itself' : ''}`;
  return changes.map(({ field }) => field).join(', ');
}
