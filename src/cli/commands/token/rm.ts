import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const tokenRm = command<{ yes?: boolean }, [ids: string[]]>({
  name: 'token rm',
  aliases: ['remove'],
  summary: 'End tokens; hosts that have joined with them stay',
  arguments: [{ name: '<ID...>', summary: 'IDs of "berth token ls"' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth token rm 7f3k2m9q', 'nobody joins with it any more']],
  run: (context, { yes }, ids) =>
    removeAll(context, ids, 'End the token', yes, (id) => context.call('token.delete', { id })),
});
