import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';
import { rulesText } from '../../scaling-text.ts';

export const autoscaleLs = command<{ quiet?: boolean }>({
  name: 'autoscale ls',
  aliases: ['list'],
  summary: 'List the services that scale by themselves',
  options: [quietOption],
  examples: [['berth autoscale ls', 'between which numbers, by which rules, and what they think now']],
  async run(context, { quiet }) {
    const { services } = await context.call('autoscale.list', {});
    printList(context, services, {
      quiet,
      id: (one) => `${one.stack}/${one.name}`,
      empty: 'no service scales by itself: "berth autoscale set" or labels of the compose file make it',
      columns: [
        { header: 'NAME', cell: (one) => `${one.stack}/${one.name}` },
        { header: 'NOW', align: 'right', cell: ({ current }) => String(current) },
        { header: 'LIMITS', cell: ({ scaling: { min, max } }) => `${min}..${max}` },
        { header: 'RULES', cell: ({ scaling }) => rulesText(scaling) },
        { header: 'FROM', cell: ({ byHand }) => (byHand ? 'hand' : 'file') },
        { header: 'THINKS', cell: ({ why }) => why },
      ],
    });
  },
});
