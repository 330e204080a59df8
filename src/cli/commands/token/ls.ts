import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';
import { labelText, when } from '../../terminal/format.ts';

export const tokenLs = command<{ quiet?: boolean }>({
  name: 'token ls',
  aliases: ['list'],
  summary: 'List the tokens with which hosts join',
  options: [quietOption],
  examples: [['berth token ls', 'who made them, and who has used them']],
  async run(context, { quiet }) {
    const { tokens } = await context.call('token.list');
    const now = context.clock.now();
    printList(context, tokens, {
      quiet,
      id: ({ id }) => id,
      empty: 'no tokens: "berth token create" makes one',
      columns: [
        { header: 'ID', cell: ({ id }) => id },
        { header: 'USES LEFT', cell: ({ usesLeft }) => String(usesLeft) },
        {
          header: 'ENDS',
          cell: ({ expiresAt }) =>
            expiresAt > now ? when(expiresAt, now) : { text: `ended ${when(expiresAt, now)}`, style: 'dim' },
        },
        { header: 'MADE BY', cell: ({ createdBy }) => createdBy },
        { header: 'USED BY', cell: ({ usedBy }) => usedBy.join(', ') },
        { header: 'LABELS', cell: ({ labels }) => labelText(labels) },
      ],
    });
  },
});
