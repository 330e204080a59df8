import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const dnsZoneRm = command<{ yes?: boolean }, [zones: string[]]>({
  name: 'dns zone rm',
  aliases: ['remove'],
  summary: 'Remove zones with all their records',
  arguments: [{ name: '<ZONE...>', summary: 'their names' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth dns zone rm old.example.com', 'nobody is answered any more']],
  run: (context, { yes }, zones) =>
    removeAll(context, zones, 'Remove the zone', yes, (zone) => context.call('dns.zone.delete', { zone })),
});
