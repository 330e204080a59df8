import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { readyText } from '../../service-text.ts';

export const serviceLs = command<{ quiet?: boolean }, [stack: string | undefined]>({
  name: 'service ls',
  aliases: ['list'],
  summary: 'List the services of all stacks, or of one',
  arguments: [{ name: '[STACK]', summary: 'its name' }],
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth service ls shop', 'how many containers each has, and which release']],
  async run(context, { quiet }, stack) {
    const { call } = context;
    const services =
      stack === undefined
        ? (await call('stack.list', {})).stacks.flatMap((one) => one.services)
        : (await call('stack.get', { stack })).services;
    printList(context, services, {
      quiet,
      id: (one) => `${one.stack}/${one.name}`,
      empty: 'no services yet: "berth deploy" makes them from a compose file',
      columns: [
        { header: 'NAME', cell: (one) => `${one.stack}/${one.name}` },
        { header: 'MODE', cell: ({ mode }) => mode },
        { header: 'READY', cell: (one) => readyText(one) },
        { header: 'SCALES', cell: ({ scaling }) => (scaling ? `${scaling.min}..${scaling.max}` : '') },
        { header: 'IMAGE', cell: ({ image }) => image },
        {
          header: 'RELEASE',
          cell: ({ release: { number, state } }) => ({
            text: `${number} ${state}`,
            style: state === 'done' ? ('green' as const) : ('yellow' as const),
          }),
        },
        { header: 'WHY', cell: ({ release, waiting }) => release.reason || waiting },
      ],
    });
  },
});
