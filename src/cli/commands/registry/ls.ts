import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { when } from '../../terminal/format.ts';

export const registryLs = command<{ quiet?: boolean }>({
  name: 'registry ls',
  aliases: ['list'],
  summary: 'List the registries that the cluster is logged in to',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth registry ls', 'with those that are of one service alone']],
  async run(context, { quiet }) {
    const { logins } = await context.call('registry.list', {});
    const now = context.clock.now();
    printList(context, logins, {
      quiet,
      id: ({ registry }) => registry,
      empty: 'no log-ins: "berth registry login" makes one',
      columns: [
        { header: 'REGISTRY', cell: ({ registry }) => registry },
        { header: 'USER', cell: ({ username }) => username },
        { header: 'FOR', cell: ({ service }) => service || 'all services' },
        { header: 'SINCE', cell: ({ at, by }) => `${when(at, now)} by ${by}` },
      ],
    });
  },
});
