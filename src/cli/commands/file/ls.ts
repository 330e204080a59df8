import type { FileNoun } from '../../../model/kept-file.ts';
import { type CommandSpec, command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';
import { bytes, labelText, when } from '../../terminal/format.ts';

export function fileLs(noun: FileNoun): CommandSpec {
  return command<{ quiet?: boolean }>({
    name: `${noun} ls`,
    aliases: ['list'],
    summary: `List the ${noun}s, and who has them`,
    options: [quietOption],
    examples: [[`berth ${noun} ls`, 'those of stacks too']],
    async run(context, { quiet }) {
      const { files } = await context.call('file.list', { noun });
      const now = context.clock.now();
      printList(context, files, {
        quiet,
        id: ({ id }) => id,
        empty: `no ${noun}s: "berth ${noun} create" makes one, and so do compose files`,
        columns: [
          { header: 'NAME', cell: ({ name }) => name },
          { header: 'ID', cell: ({ id }) => id.slice(0, 12) },
          { header: 'SIZE', cell: ({ size }) => bytes(size) },
          { header: 'STACK', cell: ({ stack }) => stack },
          { header: 'USED BY', cell: ({ services, containers }) => [...services, ...containers].join(', ') },
          { header: 'MADE', cell: ({ createdAt }) => when(createdAt, now) },
          { header: 'LABELS', cell: ({ labels }) => labelText(labels) },
        ],
      });
    },
  });
}
