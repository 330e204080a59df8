import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BerthError, messageOf } from '../../../kit/errors.ts';
import { type FileNoun, MOST_BYTES } from '../../../model/kept-file.ts';
import { type CliContext, type CommandSpec, command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';
import { collectLabels } from '../../values.ts';

type Flags = { label?: Record<string, string> };
type Arguments = [name: string, path: string | undefined];

/** The content is never an argument: who lists this machine's processes would see it. */
export function fileCreate(noun: FileNoun): CommandSpec {
  return command<Flags, Arguments>({
    name: `${noun} create`,
    summary: `Keep a file as a ${noun}, for services`,
    details:
      `Its content cannot be changed: another one is another ${noun}. ` +
      (noun === 'secret'
        ? 'Nobody is shown it any more; it is in the containers that have it, and sealed wherever it is kept.'
        : 'It is sealed wherever it is kept, and shown to operators.'),
    arguments: [
      { name: '<NAME>', summary: 'by which services have it' },
      {
        name: '[FILE]',
        summary: 'its content; - is standard input, and without it you are asked for a line',
      },
    ],
    options: [
      { flags: '-l, --label <KEY=VALUE>', summary: 'may be given several times', parse: collectLabels },
    ],
    examples: [
      [`berth ${noun} create shop_${noun === 'secret' ? 'db_password' : 'nginx'} ./FILE`, 'from a file'],
      [`openssl rand -hex 16 | berth ${noun} create token -`, 'from another program'],
    ],
    async run(context, { label }, name, path) {
      const { out, globals, call } = context;
      const content = (await contentOf(context, noun, name, path)).toString('base64');
      const made = await call('file.create', {
        noun,
        name,
        content,
        ...(label === undefined ? {} : { labels: label }),
      });
      if (globals.json) out.json(made);
      else out.line(`${noun} ${clean(made.name)} is kept`);
    },
  });
}

async function contentOf(
  { prompt, cwd }: CliContext,
  noun: FileNoun,
  name: string,
  path: string | undefined,
): Promise<Buffer> {
  const most = MOST_BYTES[noun];
  if (path === '-') return prompt.pipedBytes(most);
  if (path === undefined)
    return Buffer.from(
      await prompt.secret(`Content of ${clean(name)}: `, 'name a file, or write - and pipe it in'),
    );
  try {
    return readFileSync(resolve(cwd, path));
  } catch (thrown) {
    throw new BerthError('bad_request', `${path} cannot be read: ${messageOf(thrown)}`);
  }
}
