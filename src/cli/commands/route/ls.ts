import { command } from '../../command.ts';
import { printList } from '../../list.ts';

export const routeLs = command<{ quiet?: boolean }, []>({
  name: 'route ls',
  aliases: ['list'],
  summary: 'List domains and ports that lead to services, and how much of each release is behind them',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth route ls', 'SHARE 3/1 r2/r1: three requests in four go to release 2']],
  async run(context, { quiet }) {
    const { routes, ingress } = await context.call('route.list', {});
    for (const { host, error } of ingress) if (error !== '') context.out.warn(`host ${host}: ${error}`);
    printList(context, routes, {
      quiet,
      id: ({ name }) => name,
      empty: 'no routes yet: a service gets one by the label berth.routing.port_80=www.example.com',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'SERVICE', cell: ({ service }) => service },
        { header: 'PORT', cell: ({ port }) => String(port) },
        {
          header: 'READY',
          cell: ({ ready }) => ({
            text: String(ready),
            style: ready === 0 ? ('red' as const) : ('green' as const),
          }),
        },
        {
          header: 'SHARE',
          cell: ({ pools }) =>
            pools.length === 0
              ? ''
              : `${pools.map(({ weight }) => weight).join('/')} ${pools.map(({ release }) => `r${release}`).join('/')}`,
        },
        {
          header: 'SERVERS',
          cell: ({ pools }) =>
            pools
              .flatMap(({ servers }) => servers)
              .filter(({ state }) => state === 'ready')
              .map(({ address, port }) => `${address}:${port}`)
              .join(' '),
        },
      ],
    });
  },
});
