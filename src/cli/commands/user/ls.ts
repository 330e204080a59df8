import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { localTime } from '../../terminal/format.ts';

export const userLs = command<{ quiet?: boolean }>({
  name: 'user ls',
  aliases: ['list'],
  summary: 'List the users',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth user ls', 'users and their roles']],
  async run(context, { quiet }) {
    const { users } = await context.call('user.list');
    printList(context, users, {
      quiet,
      id: ({ name }) => name,
      empty: 'no users',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'ROLE', cell: ({ role }) => role },
        { header: 'MADE', cell: ({ createdAt }) => localTime(createdAt) },
      ],
    });
  },
});
