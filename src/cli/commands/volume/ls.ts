import { command } from '../../command.ts';
import { printList } from '../../list.ts';

export const volumeLs = command<{ quiet?: boolean }, [stack: string | undefined]>({
  name: 'volume ls',
  aliases: ['list'],
  summary: 'List volumes, where they are, and who has them',
  arguments: [{ name: '[STACK]', summary: 'only those from the file of this stack, also when it is gone' }],
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth volume ls shop', 'what "berth stack rm shop" leaves behind']],
  async run(context, { quiet }, stack) {
    const { volumes } = await context.call('volume.list', stack === undefined ? {} : { stack });
    printList(context, volumes, {
      quiet,
      id: ({ name }) => name,
      empty: stack === undefined ? 'no volumes' : `no volumes of stack ${stack}`,
      columns: [
        { header: 'VOLUME', cell: ({ name }) => name },
        { header: 'DRIVER', cell: ({ driver }) => driver },
        { header: 'HOST', cell: ({ hostNames }) => hostNames.join(', ') || '-' },
        { header: 'STACK', cell: ({ stack: of }) => of || '-' },
        { header: 'USED BY', cell: ({ users }) => users.join(', ') || '-' },
      ],
    });
  },
});
