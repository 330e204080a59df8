import { chmod, lstat, mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { dockerEnvScript, quoted } from '../../contract/docker-env.ts';
import { BerthError } from '../../kit/errors.ts';
import { command } from '../command.ts';
import { localTime } from '../terminal/format.ts';
import { clean } from '../terminal/text.ts';
import { checkFolder, parseFolder } from '../values.ts';

export const bundle = command<{ user?: string; output?: string; force?: boolean }>({
  name: 'bundle',
  heading: 'Access:',
  summary: 'Write a client certificate for the Docker endpoint',
  details:
    'The folder then holds ca.pem, cert.pem and key.pem, as docker wants them, and env.sh for a shell. Whoever has the ' +
    'key acts as that user.',
  options: [
    {
      flags: '--user <USER>',
      summary: 'whom it stands for; only an admin may name another',
      fallback: 'yourself',
    },
    {
      flags: '-o, --output <DIR>',
      summary: 'the folder',
      fallback: './berth-bundle',
      parse: parseFolder,
      completes: 'folder',
    },
    { flags: '-f, --force', summary: 'write over files that are there' },
  ],
  examples: [
    ['berth bundle && . berth-bundle/env.sh && docker ps', 'use the cluster from this shell'],
    ['berth bundle --user ada -o /tmp/ada', 'for somebody else'],
  ],
  async run({ out, globals, call, cwd }, { user, output = 'berth-bundle', force }) {
    const folder = checkFolder(resolve(cwd, output), '--output');
    const names = ['ca.pem', 'cert.pem', 'key.pem', 'env.sh'] as const;
    // Looked at before the manager makes a certificate that could then not be written.
    for (const name of names) {
      if (!force && (await exists(join(folder, name)))) {
        throw new BerthError('conflict', `${join(folder, name)} is there already`, {
          hint: 'take another folder with -o, or --force to write over it',
        });
      }
    }
    const made = await call('bundle.create', user === undefined ? {} : { user });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const texts = {
      'ca.pem': made.ca,
      'cert.pem': made.cert,
      'key.pem': made.key,
      'env.sh': dockerEnvScript(made.dockerHost, folder),
    };
    for (const name of names) await writePrivate(join(folder, name), texts[name], force ?? false);
    if (globals.json) {
      const { user: owner, role, dockerHost, expiresAt } = made;
      out.json({ folder, user: owner, role, dockerHost, expiresAt });
      return;
    }
    out.line(clean(folder));
    out.note(
      `stands for ${clean(made.user)} as ${made.role} until ${localTime(made.expiresAt)}; use it: . ${clean(quoted(join(folder, 'env.sh')))}`,
    );
  },
});

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** For the owner only, from the first byte on. */
async function writePrivate(path: string, text: string, over: boolean): Promise<void> {
  const file = await open(path, over ? 'w' : 'wx', 0o600);
  try {
    // A file that was there keeps its own mode otherwise.
    await chmod(path, 0o600);
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}
