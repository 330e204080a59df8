import { digestOf } from '../kit/digest.ts';
import type { DockerSpec } from '../model/container.ts';
import { STACK_NAME, type Stack } from '../model/stack.ts';
import type { StackSource } from '../model/stack-source.ts';
import { envFileText, parseEnvFile } from './env-file.ts';
import { checkKeys } from './keys.ts';
import { loadFiles, type ReadFile } from './load.ts';
import { PARSE_LIMITS } from './parse.ts';
import { lastName, resolvePath, seenFrom } from './path.ts';
import { ComposeError, type Problem, Problems, quoted } from './problems.ts';
import { withoutProfileKeys, withProfiles } from './profiles.ts';
import { stackOf } from './read/stack.ts';
import { Reader } from './reader.ts';
import type { Lookup } from './template.ts';
import { child, entryOf, type MapNode, scalar, textOf, withEntries } from './tree.ts';

export { configText } from './config-text.ts';
export { servingOf } from './labels/serving.ts';
export { LABELS } from './labels/table.ts';
export { LARGEST_FILE } from './parse.ts';
export { ComposeError, type Problem, problemText } from './problems.ts';
export { composeSchema } from './validate.ts';

export type StackInput = Readonly<{
  /** Paths of compose files; each goes over the ones before it. */
  files: readonly string[];
  /** Absolute: the project's folder, from which relative paths are seen. */
  folder: string;
  read: ReadFile;
  /** As `read`, of the files of configs and secrets, which need not be texts; undefined: they are. */
  readBytes?: (path: string) => Uint8Array | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /**
   * What is wrong with what of a create body is for the scheduler, in words: an expression in `Env` (`constraint:rack==r1`),
   * or a label that keeps some; undefined where nothing is. Left out: who takes the stack says so, and has no place in a
   * file to name.
   */
  placementProblem?: ((part: Pick<DockerSpec, 'Env' | 'Labels'>) => string | undefined) | undefined;
  /** Env files for variables; undefined: `.env` in the folder, where it is there. */
  envFiles?: readonly string[];
  /** Name of the stack; undefined: COMPOSE_PROJECT_NAME, the files' `name`, or the folder's. */
  name?: string;
  profiles?: readonly string[];
  /** Bytes of the largest file; at most 10 MiB. */
  largest?: number;
  /** False where whoever takes the stack makes no images: services with `build` are warned of. */
  builds?: boolean;
  /** ID of the stack's own config or secret that the cluster keeps, for one whose content cannot be read here. */
  kept?: (kind: 'config' | 'secret', name: string) => string | undefined;
}>;

export type ReadStack = Readonly<{
  stack: Stack;
  /** The merged file in canonical form. */
  config: MapNode;
  warnings: readonly Problem[];
  /** From which the same stack can be read again, where contents of configs and secrets are kept. */
  source: StackSource;
}>;

/**
 * Compose files of any version as a stack: everything in them that is not honoured is told as an error or a warning with
 * file, line, column and key (docs/guide/compose.md).
 * @throws ComposeError
 */
export function readStack(input: StackInput): ReadStack {
  const { files, folder, readBytes, env, placementProblem, kept, largest = PARSE_LIMITS.bytes } = input;
  const { builds = true } = input;
  const problems = new Problems();
  const chosen = input.name ?? (env.COMPOSE_PROJECT_NAME || undefined);
  const variables = variablesOf(input);
  const find: Lookup = (name) =>
    name === 'COMPOSE_PROJECT_NAME'
      ? (chosen ?? folderName(folder))
      : (own(env, name) ?? variables.get(name));
  const used = new Used(input, find);
  const { read, lookup } = used;
  const whole = loadFiles(files, folder, {
    read,
    lookup,
    problems,
    limits: { ...PARSE_LIMITS, bytes: largest },
  });
  const project = projectOf(whole, chosen, folder, problems);
  const profiles = input.profiles ?? (find('COMPOSE_PROFILES') ?? '').split(',').map((one) => one.trim());
  const active = withProfiles(whole, profiles);
  checkKeys(active, problems);
  if (child(whole, 'services') === undefined)
    problems.error(whole.at, '', 'there are no services: write them under services');
  const contents = { read: input.read, readBytes, lookup: find, kept };
  const outside = { read, lookup, contents, placementProblem, builds };
  const stack = stackOf(new Reader(active, '', whole.at, problems), project, outside);
  problems.throwErrors();
  const config = withEntries(withoutProfileKeys(active), { name: scalar(whole.at, project) });
  return { stack, config, warnings: problems.warnings, source: used.source(files, folder, profiles) };
}

/** Notes which files and variables were asked for. */
class Used {
  readonly #texts = new Map<string, string>();
  readonly #variables = new Map<string, string>();
  readonly read: ReadFile;
  readonly lookup: Lookup;

  constructor({ read, folder, envFiles }: StackInput, lookup: Lookup) {
    // What is used of these is among the variables; the rest may be a secret's. An included file may name them as well.
    const variables = new Set(['.env', ...(envFiles ?? [])].map((path) => resolvePath(folder, path)));
    this.read = (path) => {
      const text = read(path);
      if (text !== undefined && !variables.has(path)) this.#texts.set(path, text);
      return text;
    };
    this.lookup = (name) => {
      const value = lookup(name);
      if (value !== undefined && name !== 'COMPOSE_PROJECT_NAME') this.#variables.set(name, value);
      return value;
    };
  }

  source(files: readonly string[], folder: string, profiles: readonly string[]): StackSource {
    const seen = (path: string) => seenFrom(folder, resolvePath(folder, path));
    const texts = [...this.#texts].map(([path, text]) => ({ path: seen(path), text }));
    // It is asked for whether or not a path begins with ~.
    if (!texts.some(({ text }) => /~|HOME/.test(text))) this.#variables.delete('HOME');
    return {
      folder,
      compose: files.map(seen),
      files: texts,
      variables: envFileText(this.#variables),
      profiles: profiles.filter((one) => one !== ''),
    };
  }
}

/** Of `env` itself: a variable is not called constructor. */
function own(env: StackInput['env'], name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

function variablesOf({ envFiles, folder, read, env }: StackInput): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const paths = (envFiles ?? ['.env']).map((path) => resolvePath(folder, path));
  for (const path of paths) {
    const text = read(path);
    if (text !== undefined)
      for (const [name, value] of parseEnvFile(path, text, (one) => own(env, one))) values.set(name, value);
    else if (envFiles !== undefined)
      throw new ComposeError([
        {
          at: { file: path, line: 1, column: 1 },
          key: '',
          message: 'there is no env file here that can be read',
        },
      ]);
  }
  return values;
}

function projectOf(whole: MapNode, chosen: string | undefined, folder: string, problems: Problems): string {
  const entry = entryOf(whole, 'name');
  const name = chosen ?? textOf(entry?.value) ?? folderName(folder);
  if (!STACK_NAME.test(name)) {
    const at = chosen === undefined ? (entry?.value.at ?? whole.at) : whole.at;
    problems.error(
      at,
      'name',
      `${quoted(name)} is no name of a stack: lower-case letters, digits, - and _, 63 at most`,
    );
  }
  return name;
}

/** As docker compose makes a project's name of a folder's. */
function folderName(folder: string): string {
  const name = lastName(folder)
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
    .slice(0, 63);
  return name === '' ? 'stack' : name;
}

/** The stack as it may be shown: of secrets only the digest of what they hold. */
export function withoutSecrets(stack: Stack): Stack {
  const secrets = stack.secrets.map((secret) =>
    secret.content.kind === 'text' || secret.content.kind === 'base64'
      ? { ...secret, content: { kind: 'text' as const, text: `sha256:${digestOf(secret.content)}` } }
      : secret,
  );
  return { ...stack, secrets };
}
