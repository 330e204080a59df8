import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, tempDir } from '../testing/run.ts';

/** What bash offers at the end of a line, words apart as readline takes them apart (COMP_WORDBREAKS). */
async function offers(line: string, cwd = tempDir()): Promise<string[]> {
  const { stdout: script } = await run(['completion', 'bash']);
  const words: string[] = [...(line.match(/=|[^\s=]+/g) ?? [])];
  if (line.endsWith(' ')) words.push('');
  const file = join(tempDir(), 'berth.bash');
  writeFileSync(
    file,
    `${script}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_berth
printf '%s\\n' "\${COMPREPLY[@]}"
`,
  );
  const text = execFileSync('bash', ['--norc', '-u', file, ...words], { cwd, encoding: 'utf8' });
  return text.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it.each([
    ['berth no', ['node']],
    ['berth node ', ['ls', 'inspect', 'label', 'cordon', 'uncordon', 'drain', 'failover', 'rm']],
    ['berth node un', ['uncordon']],
    ['berth --host x node l', ['ls', 'label']],
    ['berth --host = x node l', ['ls', 'label']],
    ['berth node --json ls --q', ['--quiet']],
    ['berth node rm --f', ['--force']],
    ['berth user create ada --role ', ['viewer', 'operator', 'admin']],
    ['berth user create ada --role=op', ['operator']],
    ['berth user create ada --role=', ['viewer', 'operator', 'admin']],
    ['berth api-token create --user node --ro', ['--role']],
    ['berth completion ', ['bash', 'zsh', 'fish']],
    ['berth up --no-', ['--no-agent', '--no-install', '--no-color']],
    ['berth node ls --host ', []],
  ])('%s', async (line, words) => {
    expect(await offers(line)).toEqual(words);
  });

  it('offers every command and global flag at the root', async () => {
    expect(await offers('berth ')).toEqual(expect.arrayContaining(['up', 'node', 'plan', 'login', 'help']));
    expect(await offers('berth -')).toEqual(
      expect.arrayContaining(['--host', '--json', '--help', '--version']),
    );
  });

  it('offers folders, and files, with blanks in their names', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'my bundle'));
    writeFileSync(join(cwd, 'my ca.pem'), '');
    expect(await offers('berth bundle -o my', cwd)).toEqual(['my bundle']);
    expect((await offers('berth login h --ca my', cwd)).sort()).toEqual(['my bundle', 'my ca.pem']);
  });

  it('is a script that bash reads without a word', async () => {
    const { stdout } = await run(['completion', 'bash']);
    expect(execFileSync('bash', ['-n'], { input: stdout, encoding: 'utf8' })).toBe('');
  });
});

describe('completion in other shells', () => {
  it('gives zsh a function for each command', async () => {
    const { stdout } = await run(['completion', 'zsh']);
    expect(stdout.startsWith('#compdef berth\n')).toBe(true);
    expect(stdout).toContain('_berth_node_rm() {');
    expect(stdout).toContain(
      "'*--role[what the user may do (default\\: viewer)]:value:(viewer operator admin)'",
    );
    expect(stdout).toContain("'*--output[the folder (default\\: ./berth-bundle)]:value:_files -/'");
  });

  it('gives fish a line for each command and flag', async () => {
    const { stdout } = await run(['completion', 'fish']);
    expect(stdout).toContain(`complete -c berth -f -n '__berth_at \\'node\\'' -a 'uncordon'`);
    expect(stdout).toContain(
      `complete -c berth -n '__berth_at \\'node ls\\'' -s q -l quiet -d 'print the IDs only'`,
    );
  });

  it('refuses a shell that it does not know', async () => {
    const { code, stderr } = await run(['completion', 'tcsh']);
    expect(code).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
  });
});
