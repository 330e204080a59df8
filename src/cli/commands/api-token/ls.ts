import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';
import { localTime, when } from '../../terminal/format.ts';

export const apiTokenLs = command<{ quiet?: boolean; all?: boolean }>({
  name: 'api-token ls',
  aliases: ['list'],
  summary: 'List the tokens of programs, and log-ins',
  options: [quietOption, { flags: '-a, --all', summary: 'those of every user (for admins)' }],
  examples: [['berth api-token ls --all', 'who has access']],
  async run(context, { quiet, all }) {
    const { tokens } = await context.call('apiToken.list', all ? { all: true } : {});
    const now = context.clock.now();
    printList(context, tokens, {
      quiet,
      id: ({ id }) => id,
      empty: 'no tokens: "berth api-token create NAME" makes one',
      columns: [
        { header: 'ID', cell: ({ id }) => id },
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'USER', cell: ({ user }) => user },
        { header: 'ROLE', cell: ({ role }) => role },
        { header: 'KIND', cell: ({ session }) => (session ? 'log-in' : 'token') },
        { header: 'MADE', cell: ({ createdAt }) => localTime(createdAt) },
        {
          header: 'ENDS',
          cell: ({ expiresAt }) => (expiresAt === undefined ? 'never' : when(expiresAt, now)),
        },
      ],
    });
  },
});
