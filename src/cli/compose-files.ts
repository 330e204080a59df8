import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LARGEST_FILE, type StackInput } from '../compose/index.ts';
import { BerthError } from '../kit/errors.ts';
import type { CliContext } from './command.ts';
import type { ComposeFlags } from './compose-options.ts';
import { checkFolder } from './values.ts';

/** Under which standard input stands in messages. */
const STDIN = '<stdin>';
const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** What the flags, the environment and the current folder say, as docker compose reads them. */
export async function composeInput(
  { cwd, env, prompt, placementProblem }: CliContext,
  flags: ComposeFlags,
): Promise<StackInput> {
  const given =
    flags.file ?? (env.COMPOSE_FILE ? env.COMPOSE_FILE.split(env.COMPOSE_PATH_SEPARATOR || ':') : []);
  const files =
    given.length > 0
      ? given.map((file) => (file === '-' ? join(cwd, STDIN) : resolve(cwd, file)))
      : defaultFiles(cwd);
  const input = given.includes('-')
    ? textOf(await prompt.pipedBytes(LARGEST_FILE), 'standard input')
    : undefined;
  const folder =
    flags.projectDirectory === undefined
      ? dirname(files[0] ?? cwd)
      : checkFolder(resolve(cwd, flags.projectDirectory), '--project-directory');
  return {
    files,
    folder,
    read: (path) => (path === join(cwd, STDIN) ? input : readText(path)),
    readBytes,
    env,
    ...(placementProblem === undefined ? {} : { placementProblem }),
    // The compose files are the user's own: only the fuse of the largest size holds.
    largest: LARGEST_FILE,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.envFile === undefined ? {} : { envFiles: flags.envFile.map((file) => resolve(cwd, file)) }),
    ...(flags.profile === undefined ? {} : { profiles: flags.profile }),
  };
}

function defaultFiles(cwd: string): string[] {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const name = NAMES.find((one) => isFile(join(folder, one)));
    if (name !== undefined) {
      const override = name.replace(/\.ya?ml$/, '.override');
      const over = ['.yaml', '.yml'].map((end) => join(folder, override + end)).find(isFile);
      return [join(folder, name), ...(over === undefined ? [] : [over])];
    }
    if (dirname(folder) === folder) break;
  }
  throw new BerthError('not_found', `there is no ${NAMES.join(', ')} in ${cwd} or above`, {
    hint: 'name the file with -f',
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** @throws BerthError `bad_request` where it is no text */
function readText(path: string): string | undefined {
  const bytes = readBytes(path);
  return bytes && textOf(bytes, path);
}

/** Undefined where there is no such file, or it may not be read; a pipe or a device would never end, and is none. */
function readBytes(path: string): Uint8Array | undefined {
  if (path.includes('\0') || !isFile(path)) return undefined;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    if (size > LARGEST_FILE)
      throw new BerthError('bad_request', `${path} has ${size} bytes, and at most ${LARGEST_FILE} are read`, {
        hint: 'split it with include',
      });
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BerthError('bad_request', `${name} is not a text in UTF-8`, { hint: 'write it in UTF-8' });
  }
}
