import { command } from '../../command.ts';
import { type ComposeFlags, composeOptions } from '../../compose-options.ts';
import { cleanLines } from '../../terminal/text.ts';

type Flags = ComposeFlags & Readonly<{ format?: 'yaml' | 'json'; model?: boolean; quiet?: boolean }>;

export const stackConfig = command<Flags>({
  name: 'stack config',
  summary: 'Show what compose files come to; nothing is deployed',
  details:
    'Prints one compose file with everything merged, in long forms and with variables put in, and on standard error what ' +
    'Berth does not honour, with file, line and key. --model prints the stack that Berth makes of it, with digests in ' +
    'place of secrets.',
  options: [
    ...composeOptions,
    { flags: '--format <FORMAT>', summary: 'form of the file', choices: ['yaml', 'json'], fallback: 'yaml' },
    { flags: '--model', summary: "print Berth's model of the stack, as JSON" },
    { flags: '-q, --quiet', summary: 'print errors and warnings only' },
  ],
  examples: [
    ['berth stack config', 'the compose file of this folder'],
    ['berth stack config -f base.yml -f prod.yml --env-file prod.env', 'two files over each other'],
    ['berth stack config --model', 'services, routes and listeners as Berth sees them'],
  ],
  async run(context, flags) {
    const { configText, problemText, withoutSecrets } = await import('../../../compose/index.ts');
    const { readTold } = await import('../../read-stack.ts');
    const { stack, config, warnings } = await readTold(context, flags);
    const { out, globals } = context;
    for (const warning of warnings) out.warn(problemText(warning));
    if (flags.quiet) return;
    if (flags.model) return out.json(withoutSecrets(stack));
    const text = configText(config, flags.format ?? (globals.json ? 'json' : 'yaml'));
    out.line(cleanLines(text.trimEnd()));
  },
});
