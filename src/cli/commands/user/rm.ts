import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const userRm = command<{ yes?: boolean }, [names: string[]]>({
  name: 'user rm',
  aliases: ['remove'],
  summary: 'Remove users, with their API tokens and log-ins',
  arguments: [{ name: '<USER...>', summary: 'names' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth user rm ada', 'after asking']],
  run: (context, { yes }, names) =>
    removeAll(context, names, 'Remove the user', yes, (user) => context.call('user.delete', { user })),
});
