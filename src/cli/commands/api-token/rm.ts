import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const apiTokenRm = command<{ yes?: boolean }, [ids: string[]]>({
  name: 'api-token rm',
  aliases: ['remove'],
  summary: 'End tokens of programs, or log-ins',
  arguments: [{ name: '<ID...>', summary: 'IDs of "berth api-token ls"' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth api-token rm 7f3k2m9q', 'the program that has it is refused from now on']],
  run: (context, { yes }, ids) =>
    removeAll(context, ids, 'End the token', yes, (id) => context.call('apiToken.delete', { id })),
});
