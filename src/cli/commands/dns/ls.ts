import { checkText, dataText } from '../../../contract/dns-words.ts';
import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';

export const dnsLs = command<{ quiet?: boolean }, [zone: string | undefined]>({
  name: 'dns ls',
  aliases: ['list'],
  summary: 'List the records of a zone, or of all',
  arguments: [{ name: '[ZONE]', summary: 'name of the zone' }],
  options: [quietOption],
  examples: [['berth dns ls apps.example.com', 'and which of them are healthy']],
  async run(context, { quiet }, zone) {
    const { records } = await context.call('dns.record.list', zone === undefined ? {} : { zone });
    printList(context, records, {
      quiet,
      id: ({ id }) => id,
      empty: 'no records: "berth dns add" makes one',
      columns: [
        { header: 'ID', cell: ({ id }) => id },
        { header: 'ZONE', cell: (one) => one.zone },
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'TYPE', cell: ({ data }) => data.type },
        { header: 'DATA', cell: ({ data }) => dataText(data) },
        { header: 'TTL', cell: ({ ttl }) => String(ttl) },
        { header: 'WEIGHT', cell: ({ weight }) => (weight === undefined ? '' : String(weight)) },
        { header: 'CHECK', cell: ({ check }) => checkText(check) },
        {
          header: 'HEALTH',
          cell: ({ check, healthy }) =>
            healthy === undefined
              ? check === undefined
                ? ''
                : 'not looked at'
              : healthy
                ? 'healthy'
                : { text: 'unhealthy', style: 'red' },
        },
      ],
    });
  },
});
