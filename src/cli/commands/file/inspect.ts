import type { FileNoun } from '../../../model/kept-file.ts';
import { type CommandSpec, command } from '../../command.ts';
import { bytes, localTime } from '../../terminal/format.ts';
import { cleanLines } from '../../terminal/text.ts';

export function fileInspect(noun: FileNoun): CommandSpec {
  return command<Record<never, never>, [names: string[]]>({
    name: `${noun} inspect`,
    summary: `Show ${noun}s`,
    details: noun === 'secret' ? 'All but their content.' : 'With their content, to operators.',
    arguments: [{ name: '<NAME...>', summary: 'names or IDs' }],
    examples: [
      [`berth ${noun} inspect ${noun === 'secret' ? 'token' : 'nginx'}`, 'and which services have it'],
    ],
    async run({ out, globals, call }, _, names) {
      const files = await Promise.all(names.map((file) => call('file.get', { noun, file })));
      if (globals.json) {
        out.json(files);
        return;
      }
      for (const [at, file] of files.entries()) {
        if (at > 0) out.line();
        out.details([
          ['Name', file.name],
          ['ID', file.id],
          ['Size', bytes(file.size)],
          ['Made', `${localTime(file.createdAt)} by ${file.createdBy}`],
          ['Stack', file.stack],
          ['Services', file.services],
          ['Containers', file.containers],
          ['Labels', Object.entries(file.labels).map(([key, value]) => `${key}=${value}`)],
        ]);
        if (file.content === undefined) continue;
        out.line();
        out.line(cleanLines(Buffer.from(file.content, 'base64').toString('utf8').trimEnd()));
      }
    },
  });
}
