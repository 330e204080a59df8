import { type Assertion, type CharTest, isWord, type Node, parseRegex } from './regex-syntax.ts';

/**
 * Regular expressions that take time linear in the text, whatever the pattern (Thompson's simulation, as RE2 does it):
 * an expression comes from a user and runs in the manager, and `RegExp` can be made to run for years with `(a+)+$`.
 * Syntax is RE2's without what RE2 lacks too (back references, look-around). Only "does it match" is answered.
 * Source: https://github.com/google/re2/wiki/Syntax
 */
export type Regex = Readonly<{ test(text: string): boolean }>;

/** Longest pattern, in characters, and longest compiled program, in instructions. */
export const MAX_PATTERN = 512;
const MAX_PROGRAM = 4000;
type Instruction =
  | { op: 'char'; test: CharTest }
  | { op: 'assert'; assertion: Assertion }
  | { op: 'split'; to: number }
  | { op: 'jump'; to: number }
  | { op: 'match' };

/** @throws Error in one phrase ("missing )") where the pattern is not one, or is too large. */
export function compileRegex(pattern: string): Regex {
  if (pattern.length > MAX_PATTERN)
    throw new Error(`it has ${pattern.length} characters, at most ${MAX_PATTERN} are allowed`);
  const program: Instruction[] = [];
  emit(parseRegex(pattern), { program, steps: 0 });
  program.push({ op: 'match' });
  return Object.freeze({ test: (text: string) => run(program, text) });
}

/** `steps` counts nodes too, as those which emit nothing can be repeated as well: `((){1000}){1000}`. */
type Output = { readonly program: Instruction[]; steps: number };

function emit(node: Node, out: Output): void {
  if (++out.steps > MAX_PROGRAM) throw new Error('it is too large once its repetitions are written out');
  const { program } = out;
  switch (node.kind) {
    case 'char':
      program.push({ op: 'char', test: node.test });
      return;
    case 'assert':
      program.push({ op: 'assert', assertion: node.assertion });
      return;
    case 'all':
      for (const part of node.parts) emit(part, out);
      return;
    case 'any': {
      const ends: { op: 'jump'; to: number }[] = [];
      node.parts.forEach((part, i) => {
        if (i === node.parts.length - 1) {
          emit(part, out);
          return;
        }
        const split = { op: 'split' as const, to: 0 };
        program.push(split);
        emit(part, out);
        const end = { op: 'jump' as const, to: 0 };
        program.push(end);
        ends.push(end);
        split.to = program.length;
      });
      for (const end of ends) end.to = program.length;
      return;
    }
    case 'repeat': {
      for (let i = 0; i < node.min; i++) emit(node.part, out);
      if (node.max === Number.POSITIVE_INFINITY) {
        const start = program.length;
        const split = { op: 'split' as const, to: 0 };
        program.push(split);
        emit(node.part, out);
        program.push({ op: 'jump', to: start });
        split.to = program.length;
        return;
      }
      const splits: { op: 'split'; to: number }[] = [];
      for (let i = node.min; i < node.max; i++) {
        const split = { op: 'split' as const, to: 0 };
        program.push(split);
        splits.push(split);
        emit(node.part, out);
      }
      for (const split of splits) split.to = program.length;
      return;
    }
  }
}

function run(program: readonly Instruction[], text: string): boolean {
  const points = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  let current: number[] = [];
  let next: number[] = [];
  const seen = new Int32Array(program.length).fill(-1);
  for (let at = 0; at <= points.length; at++) {
    // Unanchored: a match may begin at every place.
    const stack = [0, ...current.toReversed()];
    current = [];
    while (stack.length > 0) {
      const pc = stack.pop() as number;
      if (seen[pc] === at) continue;
      seen[pc] = at;
      const step = program[pc] as Instruction;
      if (step.op === 'match') return true;
      if (step.op === 'jump') stack.push(step.to);
      else if (step.op === 'split') stack.push(step.to, pc + 1);
      else if (step.op === 'char') current.push(pc);
      else if (holds(step.assertion, points, at)) stack.push(pc + 1);
    }
    const point = points[at];
    if (point === undefined) return false;
    next = [];
    for (const pc of current) {
      const step = program[pc] as Instruction;
      if (step.op === 'char' && step.test(point)) next.push(pc + 1);
    }
    current = next;
  }
  return false;
}

function holds(assertion: Assertion, points: readonly number[], at: number): boolean {
  const before = points[at - 1];
  const after = points[at];
  switch (assertion) {
    case 'text-start':
      return at === 0;
    case 'text-end':
      return at === points.length;
    case 'line-start':
      return at === 0 || before === 10;
    case 'line-end':
      return at === points.length || after === 10;
    case 'word':
      return isWord(before) !== isWord(after);
    case 'not-word':
      return isWord(before) === isWord(after);
  }
}
