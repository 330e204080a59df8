import { BerthError } from '../kit/errors.ts';
import type { DockerSpec } from '../model/container.ts';
import { LABEL_SERVICE, SWARM_LABELS } from '../model/labels.ts';
import { type ExpressionType, parseExpression } from './expression.ts';

/** Labels of Berth's own which the scheduler reads. */
export const PLACEMENT_LABELS = {
  /** JSON array, as classic Swarm's labels: `["az==3"]`. */
  availability: 'berth.availability',
  /** JSON of compose's `deploy.placement`: `{"constraints": [], "preferences": [], "max_replicas_per_node": 1}`. */
  placement: 'berth.placement',
  /** Strategy for this container. */
  strategy: 'berth.strategy',
  /** Containers with the same value are replicas of one service. */
  service: LABEL_SERVICE,
} as const;

type Prefix = ExpressionType | 'reschedule';
const PREFIXES: readonly Prefix[] = ['constraint', 'affinity', 'whitelist', 'reschedule', 'availability'];

/** Where the expressions of each kind are kept, as a JSON array of strings. */
const LABEL_OF: Readonly<Record<Prefix, string>> = {
  constraint: SWARM_LABELS.constraints,
  affinity: SWARM_LABELS.affinities,
  whitelist: SWARM_LABELS.whitelists,
  reschedule: SWARM_LABELS.reschedule,
  availability: PLACEMENT_LABELS.availability,
};
const RESCHEDULE_POLICIES = ['off', 'on-node-failure'];

export type SpecExpressions = Readonly<Record<Prefix, readonly string[]>>;
type Collected = Record<Prefix, string[]>;

/** The expressions of a create body: those in labels first, then those in `Env`. Nothing is parsed yet. */
export function specExpressions(spec: Pick<DockerSpec, 'Env' | 'Labels'>): SpecExpressions {
  const found = fromLabels(spec.Labels ?? {});
  for (const entry of spec.Env ?? []) {
    const expression = splitExpression(entry);
    if (expression !== undefined) found[expression.prefix].push(expression.text);
  }
  if (
    found.reschedule.length > 1 ||
    found.reschedule.some((policy) => !RESCHEDULE_POLICIES.includes(policy))
  ) {
    const given = found.reschedule.join('", "');
    throw new BerthError(
      'bad_request',
      `reschedule policy "${given}" is not one: write on-node-failure or off`,
    );
  }
  return found;
}

/**
 * The create body as it is kept and given to the engine: expressions taken out of `Env` and put into classic Swarm's
 * labels (cluster/config.go). A body without expressions comes back as it is; doing it twice changes nothing.
 * @throws BerthError `bad_request` where an expression or a label does not parse
 */
export function withoutExpressions(spec: DockerSpec): DockerSpec {
  const env = spec.Env ?? [];
  const rest = env.filter((entry) => splitExpression(entry) === undefined);
  const found = specExpressions(spec);
  for (const prefix of PREFIXES)
    if (prefix !== 'reschedule') for (const text of found[prefix]) parseExpression(prefix, text);
  if (rest.length === env.length) return spec;
  return { ...spec, Env: rest, Labels: labelled(spec.Labels ?? {}, found) };
}

/**
 * Expressions that came as build arguments: `--build-arg constraint:node==h1` arrives as `{"constraint:node": "=h1"}`.
 * `labels` has them as a container's labels would; `args` are those that are meant for the build.
 */
export function buildArgExpressions(
  args: Readonly<Record<string, string | null>>,
): Readonly<{ labels: Readonly<Record<string, string>>; args: Readonly<Record<string, string | null>> }> {
  const found = fromLabels({});
  const rest: [string, string | null][] = [];
  for (const [key, value] of Object.entries(args)) {
    const expression = splitExpression(value === null ? key : `${key}=${value}`);
    if (expression === undefined) rest.push([key, value]);
    else found[expression.prefix].push(expression.text);
  }
  return { labels: labelled({}, found), args: Object.fromEntries(rest) };
}

function labelled(
  labels: Readonly<Record<string, string>>,
  found: SpecExpressions,
): Readonly<Record<string, string>> {
  const all: Record<string, string> = { ...labels };
  for (const prefix of PREFIXES)
    if (found[prefix].length > 0) all[LABEL_OF[prefix]] = JSON.stringify(found[prefix]);
  return all;
}

function fromLabels(labels: Readonly<Record<string, string>>): Collected {
  const found: Collected = { constraint: [], affinity: [], whitelist: [], reschedule: [], availability: [] };
  for (const prefix of PREFIXES) {
    const label = labels[LABEL_OF[prefix]];
    if (label === undefined) continue;
    found[prefix].push(...stringArray(LABEL_OF[prefix], label));
  }
  return found;
}

function stringArray(label: string, value: string): readonly string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    parsed = undefined;
  }
  if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed;
  throw new BerthError(
    'bad_request',
    `label ${label} is not a JSON array of strings: "${value.slice(0, 100)}": write ["rack==r1"]`,
  );
}

function splitExpression(entry: string): { prefix: Prefix; text: string } | undefined {
  const colon = entry.indexOf(':');
  if (colon < 0) return undefined;
  const prefix = PREFIXES.find((known) => known === entry.slice(0, colon));
  return prefix === undefined ? undefined : { prefix, text: entry.slice(colon + 1) };
}
