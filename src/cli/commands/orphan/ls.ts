import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';

export const orphanLs = command<{ quiet?: boolean }>({
  name: 'orphan ls',
  aliases: ['list'],
  summary: 'List containers that run on though a restored database does not know them',
  details:
    'After a backup of the database was put back, hosts go on running what was created or moved to them since. Nothing is ' +
    'removed until you say so: "berth orphan adopt" makes them the cluster\'s own again, "berth orphan rm" removes them.',
  options: [quietOption],
  examples: [['berth orphan ls', 'after a restore']],
  async run(context, { quiet }) {
    const { orphans } = await context.call('orphan.list');
    printList(context, orphans, {
      quiet,
      id: ({ id }) => id,
      empty: 'no orphans',
      columns: [
        { header: 'ID', cell: ({ id }) => id.slice(0, 12) },
        { header: 'NODE', cell: ({ hostName }) => hostName },
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'IMAGE', cell: ({ image = '' }) => image },
        { header: 'STATE', cell: ({ state }) => state },
        { header: 'PROBLEM', cell: ({ problem = '' }) => problem },
      ],
    });
  },
});
