import { BerthError } from '../../kit/errors.ts';
import { command } from '../command.ts';
import { clean } from '../terminal/text.ts';

export const help = command<Record<never, never>, [words: string[]]>({
  name: 'help',
  heading: 'About this program:',
  summary: 'Show help on a command',
  arguments: [{ name: '[COMMAND...]', summary: 'words of the command' }],
  examples: [
    ['berth help', 'all commands'],
    ['berth help node rm', 'one of them; the same as "berth node rm --help"'],
  ],
  async run({ tree }, _, words) {
    let at = tree;
    for (const [index, word] of words.entries()) {
      const next = at.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (next === undefined) {
        const before = ['berth', ...words.slice(0, index)].join(' ');
        throw new BerthError('bad_request', `there is no command "${clean(`${before} ${word}`)}"`, {
          hint: `"${before} --help" lists those that there are`,
        });
      }
      at = next;
    }
    at.outputHelp();
  },
});
