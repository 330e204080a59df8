import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const triggerRm = command<{ yes?: boolean }, [ids: string[]]>({
  name: 'trigger rm',
  aliases: ['remove'],
  summary: 'End triggers: their URLs do nothing any more',
  arguments: [{ name: '<ID...>', summary: 'IDs of "berth trigger ls"' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth trigger rm 7f3k2m9q4x1b', 'one that somebody has got hold of']],
  run: (context, { yes }, ids) =>
    removeAll(context, ids, 'End the trigger', yes, (id) => context.call('trigger.delete', { id })),
});
