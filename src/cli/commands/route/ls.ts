import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { routerTexts } from '../../router-text.ts';
import { errorText, rateText, timeText } from '../../traffic-text.ts';

export const routeLs = command<{ quiet?: boolean }, []>({
  name: 'route ls',
  aliases: ['list'],
  summary:
    'List domains and ports that lead to services and balancers, how much of each release is behind them, and what goes through',
  details:
    'Requests, errors (5xx) and 95th percentile of the time until responses begin are those of the last minute.',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth route ls', 'SHARE 3/1 r2/r1: three requests in four go to release 2']],
  async run(context, { quiet }) {
    const { routes, ingress, missing } = await context.call('route.list', {});
    if (routes.length > 0) for (const text of routerTexts(ingress)) context.out.warn(text);
    if (missing.length > 0 && routes.length > 0)
      context.out.warn(
        `not in the figures, as they have not told of all of the last minute: ${[...missing].sort().join(', ')}`,
      );
    printList(context, routes, {
      quiet,
      id: ({ name }) => name,
      empty: 'no routes yet: a service gets one by the label berth.routing.port_80=www.example.com',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'LEADS TO', cell: ({ service, balancer }) => service ?? `lb ${balancer}` },
        { header: 'PORT', cell: ({ port }) => (port === undefined ? '' : String(port)) },
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
            pools.every(({ release }) => release === undefined)
              ? ''
              : `${pools.map(({ weight }) => weight).join('/')} ${pools.map(({ release }) => `r${release}`).join('/')}`,
        },
        { header: 'REQUESTS', align: 'right', cell: ({ traffic }) => rateText(traffic) },
        { header: 'ERRORS', align: 'right', cell: ({ traffic }) => errorText(traffic) },
        { header: 'P95', align: 'right', cell: ({ traffic }) => timeText(traffic.p95) },
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
