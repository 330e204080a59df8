import { command } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { treeEntries } from '../completion/tree.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
const NAMES = Object.keys(SHELLS) as readonly (keyof typeof SHELLS)[];

export const completion = command<Record<never, never>, [shell: keyof typeof SHELLS]>({
  name: 'completion',
  heading: 'About this program:',
  summary: 'Print a script that completes commands and flags in a shell',
  arguments: [{ name: '<SHELL>', summary: 'which shell', choices: NAMES }],
  examples: [
    ['source <(berth completion bash)', 'in this shell; put the line into ~/.bashrc for all'],
    ['berth completion bash > /etc/bash_completion.d/berth', 'for everybody on this machine'],
    ['berth completion zsh > ~/.zfunc/_berth', 'zsh, with ~/.zfunc in $fpath'],
    ['berth completion fish > ~/.config/fish/completions/berth.fish', 'fish'],
  ],
  async run({ out, tree }, _, shell) {
    out.line(SHELLS[shell](treeEntries(tree)).trimEnd());
  },
});
