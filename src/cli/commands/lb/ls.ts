import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { clean } from '../../terminal/text.ts';

export const lbLs = command<{ quiet?: boolean }, []>({
  name: 'lb ls',
  aliases: ['list'],
  summary: 'List balancers',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth lb ls', 'READY 1/2: routers reach one of two targets']],
  async run(context, { quiet }) {
    const { balancers } = await context.call('balancer.list', {});
    printList(context, balancers, {
      quiet,
      id: ({ name }) => name,
      empty: 'no balancers: services have routes by their labels; for other targets "berth lb create NAME"',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'LISTENS', cell: ({ listens }) => listens.join(', ') },
        {
          header: 'READY',
          cell: ({ targets }) =>
            `${targets.filter(({ problem }) => problem === undefined).length}/${targets.length}`,
        },
        {
          header: 'TARGETS',
          cell: ({ targets }) => targets.map(({ name, weight }) => `${name}=${weight}`).join(' '),
        },
        { header: 'RULES', cell: ({ rules }) => Object.keys(rules).join(' ') },
        { header: 'CHECK', cell: ({ check }) => check },
      ],
    });
    for (const { name, targets } of balancers)
      for (const { name: target, problem } of targets)
        if (problem !== undefined) context.out.warn(clean(`${name}: ${target} gets nothing: ${problem}`));
  },
});
