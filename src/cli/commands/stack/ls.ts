import { readiness } from '../../../contract/readiness.ts';
import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { when } from '../../terminal/format.ts';

export const stackLs = command<{ quiet?: boolean }>({
  name: 'stack ls',
  aliases: ['list'],
  summary: 'List the stacks',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth stack ls', 'what is deployed, and how it is']],
  async run(context, { quiet }) {
    const { stacks } = await context.call('stack.list', {});
    printList(context, stacks, {
      quiet,
      id: ({ name }) => name,
      empty: 'no stacks yet: "berth deploy" in a folder with a compose file makes one',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'SERVICES', align: 'right', cell: ({ services }) => String(services.length) },
        {
          header: 'READY',
          cell: ({ services }) => {
            const all = services.map(readiness);
            return `${all.reduce((sum, { n }) => sum + n, 0)}/${all.reduce((sum, { all: wanted }) => sum + wanted, 0)}`;
          },
        },
        {
          header: 'STATE',
          cell: ({ removing, services }) => {
            if (removing) return { text: 'is being taken away', style: 'yellow' as const };
            const one = services.find(({ release }) => release.state !== 'done');
            return one === undefined
              ? { text: 'done', style: 'green' as const }
              : { text: `${one.name}: ${one.release.state}`, style: 'yellow' as const };
          },
        },
        { header: 'DEPLOYED', cell: ({ at, by }) => `${when(at, context.clock.now())} by ${by}` },
      ],
    });
  },
});
