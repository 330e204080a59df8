import type { FileNoun } from '../../../model/kept-file.ts';
import { type CommandSpec, command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export function fileRm(noun: FileNoun): CommandSpec {
  return command<{ yes?: boolean }, [names: string[]]>({
    name: `${noun} rm`,
    aliases: ['remove'],
    summary: `Remove ${noun}s that nothing has`,
    details: `A release that is gone back to does not get them back.`,
    arguments: [{ name: '<NAME...>', summary: 'names or IDs' }],
    options: [{ flags: '-y, --yes', summary: 'do not ask' }],
    examples: [[`berth ${noun} rm ${noun === 'secret' ? 'token' : 'nginx'}`, 'with its content, for good']],
    run: (context, { yes }, names) =>
      removeAll(context, names, `Remove the ${noun}`, yes, (file) =>
        context.call('file.remove', { noun, file }),
      ),
  });
}
