import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const orphanRm = command<{ yes?: boolean }, [orphans: string[]]>({
  name: 'orphan rm',
  aliases: ['remove'],
  summary: 'Stop and remove containers that a restored database does not know; volumes stay',
  arguments: [{ name: '<ORPHAN...>', summary: 'names, HOST/NAME, or IDs' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth orphan rm old', 'one that is not wanted any more']],
  run: (context, { yes }, orphans) =>
    removeAll(context, orphans, 'Stop and remove the container', yes, (orphan) =>
      context.call('orphan.remove', { orphan }),
    ),
});
