import type { Stack } from '../model/stack.ts';
import type { StackSource } from '../model/stack-source.ts';
import { hiderOf } from './hidden-texts.ts';
import { readStack, type StackInput } from './index.ts';
import { resolvePath, seenFrom } from './path.ts';
import { ComposeError, type Problem } from './problems.ts';

/** Compose files that came over the wire, whole: nothing that they name is looked for anywhere else. */
export type SentStack = Readonly<{
  name: string;
  source: StackSource;
  /** Files of configs and secrets. */
  contents: readonly Readonly<{ path: string; bytes: Uint8Array }>[];
  /** Configs and secrets of the stack that the cluster keeps, for those whose content was not sent. */
  kept: readonly Readonly<{ kind: 'config' | 'secret'; name: string; id: string }>[];
}>;

/** Plain data, which may go from thread to thread. Paths are as seen from the source's folder. */
export type SentAnswer = Readonly<{
  /** Files that were asked for and did not come; where there is a stack it does without them. */
  absent: readonly string[];
}> &
  (
    | Readonly<{ ok: true; stack: Stack; source: StackSource; warnings: readonly Problem[] }>
    | Readonly<{
        ok: false;
        problems: readonly Problem[];
        warnings: readonly Problem[];
        tooLarge: boolean;
      }>
  );

const VARIABLES = '.env';

/** Reads them as `readStack` does, and takes mistakes for an answer. */
export function readSent(
  { name, source, contents, kept }: SentStack,
  placementProblem: StackInput['placementProblem'],
): SentAnswer {
  const { compose, profiles } = source;
  const folder = resolvePath('/', source.folder);
  const at = (path: string) => resolvePath(folder, path);
  const variables = at(VARIABLES);
  const texts = new Map(source.files.map(({ path, text }) => [at(path), text]));
  const bytes = new Map(contents.map((one) => [at(one.path), one.bytes]));
  const ids = new Map(kept.map((one) => [`${one.kind}/${one.name}`, one.id]));
  const absent = new Set<string>();
  const hide = hiderOf(source);
  const told = ({ at: place, ...problem }: Problem): Problem => ({
    ...problem,
    at: { ...place, file: seenFrom(folder, place.file) },
    message: hide(problem.message.replaceAll(`"${folder}/`, '"')),
  });
  const answer = () => ({ absent: [...absent].map((path) => seenFrom(folder, path)) });
  try {
    const { stack, warnings, ...read } = readStack({
      ...{ files: compose, folder, name, profiles, env: {}, placementProblem },
      envFiles: [variables],
      // The folders that images are made of have not come.
      builds: false,
      read: (path) => {
        if (path === variables) return source.variables;
        const text = texts.get(path);
        // Of what is included an env file of its own is looked for, and need not be there.
        if (text === undefined && !path.endsWith(`/${VARIABLES}`)) absent.add(path);
        return text;
      },
      readBytes: (path) => bytes.get(path),
      kept: (kind, own) => ids.get(`${kind}/${own}`),
    });
    return { ok: true, stack, source: read.source, warnings: warnings.map(told), ...answer() };
  } catch (thrown) {
    if (!(thrown instanceof ComposeError)) throw thrown;
    const tooLarge = thrown.code === 'too_large';
    const [problems, warnings] = [thrown.problems.map(told), thrown.warnings.map(told)];
    return { ok: false, problems, warnings, tooLarge, ...answer() };
  }
}
