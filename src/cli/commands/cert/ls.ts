import { endStyle, endText, nextText } from '../../certificate-text.ts';
import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { clean } from '../../terminal/text.ts';

export const certLs = command<{ quiet?: boolean }, []>({
  name: 'cert ls',
  aliases: ['list'],
  summary: 'List the certificates of routers',
  details: 'One that ends soon, or that a CA does not give, is named below the list, with what to do.',
  options: [{ flags: '-q, --quiet', summary: 'print the names only' }],
  examples: [['berth cert ls', 'with their domains and ends']],
  async run(context, { quiet }) {
    const { certificates } = await context.call('certificate.list', {});
    const now = context.clock.now();
    printList(context, certificates, {
      quiet,
      id: ({ name }) => name,
      empty: 'no certificates: "berth cert add NAME --chain FILE --key FILE", or "berth cert issue DOMAIN"',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'OF', cell: ({ source }) => source },
        { header: 'DOMAINS', cell: ({ domains }) => domains.join(', ') },
        { header: 'ENDS', cell: (one) => ({ text: endText(one, now), style: endStyle(one, now) }) },
        { header: 'NEXT', cell: (one) => nextText(one, now) },
      ],
    });
    for (const { worry } of certificates) if (worry !== '') context.out.warn(clean(worry));
  },
});
