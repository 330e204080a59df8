import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const volumeRm = command<{ yes?: boolean }, [volumes: string[]]>({
  name: 'volume rm',
  aliases: ['remove'],
  summary: 'Delete volumes, with all that is in them',
  details: 'One that a container has, running or not, is not deleted.',
  arguments: [{ name: '<VOLUME...>', summary: 'names, as "berth volume ls" shows them' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth volume rm shop_data', 'after "berth stack rm shop"']],
  run: (context, { yes }, volumes) =>
    removeAll(context, volumes, 'Delete, with all content, the volume', yes, (volume) =>
      context.call('volume.remove', { volume }),
    ),
});
