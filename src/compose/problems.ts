import { BerthError } from '../kit/errors.ts';

/** Where something stands; line and column count from 1. */
export type Place = Readonly<{ file: string; line: number; column: number }>;

export type Problem = Readonly<{
  at: Place;
  /** The key path, such as `services.web.ports[0]`; empty for the whole file. */
  key: string;
  message: string;
}>;

export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** `compose.yml:3:5: services.web.ports[0]: …`. */
export function problemText({ at, key, message }: Problem): string {
  return `${placeText(at)}: ${key === '' ? '' : `${key}: `}${message}`;
}

/**
 * Refuses compose files: the message is the first problem, `problems` are all of them. What was warned of before is often
 * why: a variable that is not set leaves an image without its tag.
 */
export class ComposeError extends BerthError {
  constructor(
    readonly problems: readonly [Problem, ...Problem[]],
    code: 'bad_request' | 'too_large' = 'bad_request',
    readonly warnings: readonly Problem[] = [],
  ) {
    const more = problems.length - 1;
    super(code, problemText(problems[0]) + (more === 0 ? '' : ` (and ${more} more)`));
  }
}

/** More are not told: a file with thousands of mistakes has one cause. */
const MOST_ERRORS = 100;
const MOST_WARNINGS = 1000;
/** Characters, about, that files may come to: a small file can name a large one, or a range, ten thousand times. */
const MOST_WRITTEN_OUT = 32 * 1024 * 1024;

/** What was found wrong or worth saying, in the order in which it was found; the same words at the same place once. */
export class Problems {
  readonly #errors = new Map<string, Problem>();
  readonly #warnings = new Map<string, Problem>();
  #spent = 0;

  error(at: Place, key: string, message: string): void {
    add(this.#errors, { at, key, message }, MOST_ERRORS);
  }

  warn(at: Place, key: string, message: string): void {
    add(this.#warnings, { at, key, message }, MOST_WARNINGS);
  }

  /**
   * Counts what is made of the files beyond what stands in them.
   * @throws ComposeError once that is too much
   */
  spend(characters: number, at: Place, key: string): void {
    this.#spent += characters;
    if (this.#spent <= MOST_WRITTEN_OUT) return;
    const message =
      'variables, ranges, env files and extended services come to more than 32 MiB written out: use fewer';
    throw new ComposeError([{ at, key, message }], 'too_large');
  }

  get warnings(): readonly Problem[] {
    return [...this.#warnings.values()];
  }

  /** @throws ComposeError where there was an error */
  throwErrors(): void {
    const [first, ...rest] = [...this.#errors.values()].sort((a, b) =>
      a.at.file === b.at.file ? a.at.line - b.at.line || a.at.column - b.at.column : 0,
    );
    if (first !== undefined) throw new ComposeError([first, ...rest], 'bad_request', this.warnings);
  }
}

function add(into: Map<string, Problem>, problem: Problem, most: number): void {
  if (into.size < most) into.set(problemText(problem), problem);
}

/** Text from a file in a message: quoted, on one line, not longer than is read. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
