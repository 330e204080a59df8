import type { DockerSpec } from '../../model/container.ts';
import { SWARM_LABELS } from '../../model/labels.ts';
import { EXPRESSION } from '../canonical.ts';
import { parseEnvFile, parseRawEnvFile } from '../env-file.ts';
import type { ReadFile } from '../load.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import type { Lookup } from '../template.ts';

/** Labels that keep expressions for the scheduler, as JSON. */
const EXPRESSION_LABELS: readonly string[] = [...Object.values(SWARM_LABELS), 'berth.availability'];

export type Outside = Readonly<{
  read: ReadFile;
  lookup: Lookup;
  /** For contents of configs and secrets: what is read so is no part of the stack's source. */
  contents: Readonly<{
    read: ReadFile;
    /** Of files that need not be texts; undefined as of `read`. */
    readBytes?: ((path: string) => Uint8Array | undefined) | undefined;
    lookup: Lookup;
    /** ID of the one that the cluster keeps for this stack under that name. */
    kept?: ((kind: 'config' | 'secret', name: string) => string | undefined) | undefined;
  }>;
  /** What is wrong with what is for the scheduler, which this room does not read. */
  placementProblem?: ((part: Pick<DockerSpec, 'Env' | 'Labels'>) => string | undefined) | undefined;
  /** Whether images are made of services with `build`. */
  builds: boolean;
}>;

/**
 * `Env` of a service: its env files, then `environment`, which goes before them. A name without a value has that of the
 * environment. Expressions for the scheduler stay as they were written, behind the variables.
 */
export function environmentOf(service: Reader, outside: Outside): string[] {
  const values = new Map<string, string>();
  for (const file of service.get('env_file').items)
    for (const [name, value] of envFile(file, outside)) {
      file.problems.spend(name.length + value.length, file.at, file.key);
      values.set(name, value);
    }
  const expressions: string[] = [];
  for (const [name, reader] of service.get('environment').entries) {
    if (EXPRESSION.test(name)) {
      const problem = outside.placementProblem?.({ Env: [name] });
      if (problem !== undefined) reader.error(problem);
      expressions.push(name);
      continue;
    }
    if (name === '' || /[=\0]/.test(name)) reader.error(`${quoted(name)} is no name of a variable`);
    const value = reader.text ?? (reader.isThere ? undefined : outside.lookup(name));
    if (value === undefined)
      reader.warn('has no value here and is not set in the environment: it is left out');
    else if (value.includes('\0'))
      reader.error('has a value with a NUL character, which no variable can hold');
    else values.set(name, value);
  }
  return [...[...values].map(([name, value]) => `${name}=${value}`), ...expressions];
}

function envFile(file: Reader, { read, lookup }: Outside): ReadonlyMap<string, string> {
  const path = file.get('path').text ?? '';
  const text = read(path);
  const format = file.get('format').text;
  if (format !== undefined && format !== 'raw')
    file.get('format').error(`is ${quoted(format)}, and must be raw or left out`);
  const required = file.get('required').boolean ?? true;
  if (text === undefined) {
    if (required)
      file.error(`there is no file ${quoted(path)} that can be read: write it, or required: false`);
    return new Map();
  }
  file.problems.spend(text.length, file.at, file.key);
  return format === 'raw' ? parseRawEnvFile(path, text) : parseEnvFile(path, text, lookup);
}

/** Labels of `label_file`, then those of `labels`, which go before them. */
export function labelsOf(
  service: Reader,
  { read, lookup, placementProblem }: Outside,
): Record<string, string> {
  const made: Record<string, string> = {};
  for (const file of service.get('label_file').items) {
    const text = read(file.text ?? '');
    if (text === undefined) file.error(`there is no file ${quoted(file.text ?? '')} that can be read`);
    else {
      file.problems.spend(text.length, file.at, file.key);
      for (const [name, value] of parseEnvFile(file.text ?? '', text, lookup)) made[name] = value;
    }
  }
  Object.assign(made, service.get('labels').pairs);
  const deployed = service.get('deploy').get('labels');
  for (const name of EXPRESSION_LABELS) {
    const below = name.startsWith('berth.') && made[name] === undefined ? deployed : service.get('labels');
    const value = made[name] ?? (below === deployed ? deployed.get(name).text : undefined);
    if (value === undefined) continue;
    const problem = placementProblem?.({ Labels: { [name]: value } });
    if (problem !== undefined) below.get(name).error(problem);
  }
  return made;
}
