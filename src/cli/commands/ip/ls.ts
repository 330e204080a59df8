import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';
import { when } from '../../terminal/format.ts';

export const ipLs = command<{ quiet?: boolean }, [network: string]>({
  name: 'ip ls',
  aliases: ['list'],
  summary: 'List the addresses of a network that are in use or reserved, and by whom',
  arguments: [{ name: '<NETWORK>', summary: 'name or ID of a network that spans hosts' }],
  options: [quietOption],
  examples: [['berth ip ls shop_default', 'who has which address']],
  async run(context, { quiet }, network) {
    const answer = await context.call('ip.list', { network });
    if (context.globals.json) {
      context.out.json(answer);
      return;
    }
    printList(context, answer.addresses, {
      quiet,
      id: ({ ip }) => ip,
      empty: 'all addresses are free',
      columns: [
        { header: 'ADDRESS', cell: ({ ip }) => ip },
        { header: 'MAC', cell: ({ mac }) => mac },
        {
          header: 'STATE',
          cell: ({ state, freeAt }) =>
            freeAt === undefined ? state : `${state}, free ${when(freeAt, context.clock.now())}`,
        },
        { header: 'HOLDER', cell: ({ holder }) => holder },
        { header: 'RESERVED FOR', cell: ({ reservedFor = '' }) => reservedFor },
      ],
    });
    if (quiet) return;
    for (const { subnet, range, size, taken } of answer.pools)
      context.out.note(`${range ?? subnet}: ${taken} of ${size} are not free`);
  },
});
