import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const dnsRm = command<{ yes?: boolean }, [ids: string[]]>({
  name: 'dns rm',
  aliases: ['remove'],
  summary: 'Remove records of zones',
  arguments: [{ name: '<ID...>', summary: 'IDs of "berth dns ls"' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth dns rm 7f3k2m9q', 'one record']],
  run: (context, { yes }, ids) =>
    removeAll(context, ids, 'Remove the record', yes, (id) => context.call('dns.record.delete', { id })),
});
