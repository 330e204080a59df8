import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';

export const dnsZoneLs = command<{ quiet?: boolean }>({
  name: 'dns zone ls',
  aliases: ['list'],
  summary: 'List the zones that the manager answers for',
  options: [quietOption],
  examples: [['berth dns zone ls', 'their serials, and who may fetch them']],
  async run(context, { quiet }) {
    const { zones, listens } = await context.call('dns.zone.list');
    printList(context, zones, {
      quiet,
      id: ({ name }) => name,
      empty: 'no zones: "berth dns zone add" makes one',
      columns: [
        { header: 'ZONE', cell: ({ name }) => name },
        { header: 'SERIAL', cell: ({ serial }) => String(serial) },
        { header: 'RECORDS', cell: ({ records }) => String(records) },
        { header: 'NAME SERVERS', cell: ({ nameservers }) => nameservers.join(', ') },
        { header: 'TRANSFER', cell: ({ transfer }) => transfer.join(', ') },
        { header: 'NOTIFY', cell: ({ notify }) => notify.map(({ address }) => address).join(', ') },
      ],
    });
    if (context.globals.json || quiet || zones.length === 0) return;
    context.out.note(
      listens === undefined ? 'no name server listens ("berth up --dns-listen")' : `answered at ${listens}`,
    );
  },
});
