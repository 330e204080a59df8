import { BerthError, messageOf } from '../kit/errors.ts';
import { compileRegex } from './regex.ts';

/**
 * Classic Swarm's expressions, `key==value` and `key!=value` (scheduler/filter/expr.go of docker/swarm, archived):
 * a `~` after the operator makes it soft; `/re/` is an unanchored regular expression; any other value is one too, but
 * anchored and with `*` for `.*`, which is how `(1|2|3)` and `node[12]` work. Compared with the source, a value may also
 * hold `@ , { }` (image digests, counted repetitions).
 */
export type ExpressionType = 'constraint' | 'affinity' | 'whitelist' | 'availability';

export type Expression = Readonly<{
  type: ExpressionType;
  key: string;
  negated: boolean;
  /** Enforced in the first pass only. */
  soft: boolean;
  /** Without the `~`. */
  value: string;
  /** As a person reads it: `rack==r1`, with the `~` of a soft one. */
  text: string;
  /** The only value that the pattern matches, where it has no special characters. */
  literal: string | undefined;
  /** True where the pattern matches `value`; the operator is not looked at. */
  matches(value: string): boolean;
}>;

const KEY = /^[a-z_][a-z0-9\-_.]+$/i;
const VALUE = /^[=!/]?~?[a-z0-9:\-_\s.*/()?+[\]\\^$|@,{}]+$/i;
const LITERAL = /^[a-z0-9:\-_ /@,=!]+$/i;
/** Keeps a pattern that is asked for ever new values from growing without end. */
const MAX_REMEMBERED = 20_000;

/**
 * @param text what stands behind `constraint:` and the like
 * @throws BerthError `bad_request` naming the expression, what is wrong with it and what to write
 */
export function parseExpression(type: ExpressionType, text: string): Expression {
  const operator = text.includes('==') ? '==' : text.includes('!=') ? '!=' : undefined;
  if (operator === undefined) {
    const found = /[<>=!~]+/.exec(text)?.[0];
    const what = found === undefined ? 'has no operator' : `has the unknown operator "${found}"`;
    throw refuse(type, text, what, `${/^[a-z0-9\-_.]+/i.exec(text)?.[0] ?? 'key'}==value or !=value`);
  }
  const at = text.indexOf(operator);
  const key = text.slice(0, at);
  const raw = text.slice(at + 2);
  if (!KEY.test(key))
    throw refuse(
      type,
      text,
      `has the key "${key}"`,
      'a key of letters, digits, - _ . (two at least, the first a letter or _)',
    );
  if (raw.replace(/^~+/, '') === '') throw refuse(type, text, 'has no value', `${key}${operator}value`);
  if (!VALUE.test(raw))
    throw refuse(
      type,
      text,
      `has the value "${raw}"`,
      `a value of letters, digits, spaces and : - _ . * / ( ) ? + [ ] \\ ^ $ |`,
    );
  const soft = raw.startsWith('~');
  const value = raw.replace(/^~+/, '');
  const base = {
    type,
    key,
    negated: operator === '!=',
    soft,
    value,
    text: `${key}${operator}${soft ? '~' : ''}${value}`,
  };
  if (type === 'availability') return availability(base, text);
  if (type === 'whitelist') return whitelist(base);
  return Object.freeze({ ...base, ...pattern(type, text, value) });
}

/** Equal for expressions that accept the same, whatever was written. */
export function expressionKey({ type, text, literal }: Expression): string {
  return JSON.stringify([type, text, literal]);
}

/** True where the expression accepts these values: any of them matches, or with `!=` none does. */
export function accepts(expression: Expression, values: Iterable<string>): boolean {
  for (const value of values) if (expression.matches(value)) return !expression.negated;
  return expression.negated;
}

/** An expression that compares whole values, ignoring case where `fold`; for constraints in swarmkit's form. */
export function literalExpression(
  type: ExpressionType,
  parts: Readonly<{ key: string; negated: boolean; value: string; fold?: boolean }>,
): Expression {
  const { key, negated, value, fold } = parts;
  const folded = value.toLowerCase();
  return Object.freeze({
    type,
    key,
    negated,
    soft: false,
    value,
    text: `${key}${negated ? '!=' : '=='}${value}`,
    literal: fold ? undefined : value,
    matches: fold ? (other: string) => other.toLowerCase() === folded : (other: string) => other === value,
  });
}

function pattern(type: ExpressionType, text: string, value: string): Pick<Expression, 'literal' | 'matches'> {
  if (LITERAL.test(value) && !isRegex(value)) return { literal: value, matches: (other) => other === value };
  const source = isRegex(value) ? value.slice(1, -1) : `^${value.replaceAll('*', '.*')}$`;
  let test: (other: string) => boolean;
  try {
    const regex = compileRegex(source);
    test = (other) => regex.test(other);
  } catch (thrown) {
    const what = `has the value "${value}", which is no regular expression: ${messageOf(thrown)}`;
    throw refuse(type, text, what, 'one in the syntax of RE2, or a name with * in it');
  }
  const known = new Map<string, boolean>();
  return {
    literal: undefined,
    matches: (other) => {
      const before = known.get(other);
      if (before !== undefined) return before;
      const now = test(other);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(other, now);
      return now;
    },
  };
}

function isRegex(value: string): boolean {
  return value.length > 1 && value.startsWith('/') && value.endsWith('/');
}

/** `whitelist:node==a|b`: names, not patterns. */
function whitelist(base: Omit<Expression, 'literal' | 'matches'>): Expression {
  const names = new Set(base.value.split('|'));
  return Object.freeze({ ...base, literal: undefined, matches: (other: string) => names.has(other) });
}

/** `availability:az==3`: replicas over at least three values of the host label `az`. */
function availability(base: Omit<Expression, 'literal' | 'matches'>, text: string): Expression {
  if (base.negated) throw refuse('availability', text, 'has the operator "!="', `${base.key}==${base.value}`);
  if (!/^[1-9]\d{0,3}$/.test(base.value))
    throw refuse(
      'availability',
      text,
      `has the value "${base.value}"`,
      `a number of domains, such as ${base.key}==3`,
    );
  return Object.freeze({ ...base, literal: base.value, matches: (other: string) => other === base.value });
}

function refuse(type: ExpressionType, text: string, what: string, write: string): BerthError {
  return new BerthError('bad_request', `${type} "${text}" ${what}: write ${write}`);
}
