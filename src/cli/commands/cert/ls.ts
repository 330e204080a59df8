import { command } from '../../command.ts';
import { printList } from '../../list.ts';

const DAY_MS = 86_400_000;

export const certLs = command<{ quiet?: boolean }, []>({
  name: 'cert ls',
  aliases: ['list'],
  summary: 'List the certificates of routers',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth cert ls', 'with their domains and ends']],
  async run(context, { quiet }) {
    const { certificates } = await context.call('certificate.list', {});
    const now = context.clock.now();
    printList(context, certificates, {
      quiet,
      id: ({ name }) => name,
      empty: 'no certificates: "berth cert add NAME --chain FILE --key FILE"',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'OF', cell: ({ source }) => source },
        { header: 'DOMAINS', cell: ({ domains }) => domains.join(', ') },
        {
          header: 'ENDS',
          cell: ({ notAfter }) => {
            const days = Math.floor((notAfter - now) / DAY_MS);
            const text = `${new Date(notAfter).toISOString().slice(0, 10)} (${days} days)`;
            return { text, style: days < 14 ? ('red' as const) : ('green' as const) };
          },
        },
      ],
    });
  },
});
