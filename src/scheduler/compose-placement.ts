import { z } from 'zod';
import { BerthError } from '../kit/errors.ts';
import { type Expression, literalExpression } from './expression.ts';

/** `deploy.placement` of a compose file (compose-spec, deploy.md, "placement"). */
export const composePlacementSchema = z.object({
  constraints: z.array(z.string()).nullish(),
  preferences: z.array(z.object({ spread: z.string() })).nullish(),
  max_replicas_per_node: z.number().int().min(0).nullish(),
});

export type ComposePlacement = Readonly<{
  constraints: readonly Expression[];
  /** Host labels to spread over, the widest first. */
  spreadOver: readonly string[];
  /** Replicas of one service on one host; undefined is no limit. */
  maxReplicasPerHost: number | undefined;
}>;

const FIXED_KEYS = [
  'node.id',
  'node.hostname',
  'node.ip',
  'node.role',
  'node.platform.os',
  'node.platform.arch',
];
const LABEL_PREFIXES = ['node.labels.', 'engine.labels.'];

/**
 * @param placement the parsed value of `deploy.placement`
 * @throws BerthError `bad_request` naming the expression
 */
export function composePlacement(placement: unknown): ComposePlacement {
  const parsed = composePlacementSchema.safeParse(placement);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BerthError(
      'bad_request',
      `deploy.placement${issue?.path.map((part) => `.${String(part)}`).join('') ?? ''}: ${issue?.message ?? 'not valid'}`,
    );
  }
  const { constraints, preferences, max_replicas_per_node: most } = parsed.data;
  return {
    constraints: (constraints ?? []).map(parseSwarmkitConstraint),
    spreadOver: (preferences ?? []).map(({ spread }) => spreadLabel(spread)),
    maxReplicasPerHost: most ? most : undefined,
  };
}

/** `node.labels.rack==r1`, spaces allowed; values are compared whole and without case (swarmkit's constraint.go). */
export function parseSwarmkitConstraint(text: string): Expression {
  const match = /^\s*([^=!\s]+)\s*(==|!=)\s*(.*?)\s*$/.exec(text);
  const [, key = '', operator, value = ''] = match ?? [];
  const known =
    FIXED_KEYS.includes(key) || LABEL_PREFIXES.some((prefix) => key.startsWith(prefix) && key !== prefix);
  if (match === null || value === '')
    throw new BerthError(
      'bad_request',
      `constraint "${text}" has no key, operator and value: write node.labels.rack==r1 or !=`,
    );
  if (!known)
    throw new BerthError(
      'bad_request',
      `constraint "${text}" has the unknown key "${key}": write one of ${FIXED_KEYS.join(', ')}, node.labels.NAME, engine.labels.NAME`,
    );
  return literalExpression('constraint', { key, negated: operator === '!=', value, fold: true });
}

function spreadLabel(spread: string): string {
  const prefix = LABEL_PREFIXES.find((known) => spread.startsWith(known) && spread !== known);
  if (prefix === undefined)
    throw new BerthError(
      'bad_request',
      `preference spread "${spread}" names no label: write node.labels.rack`,
    );
  return spread.slice(prefix.length);
}
