import type { Analysis, ShiftPolicy, UpdatePolicy } from '../../model/service.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import { parseDuration } from '../units.ts';
import type { LabelSet } from './label-set.ts';

const MINUTE = 60_000;

/** What a kind of release does in which both versions serve, where its labels say nothing. */
type Defaults = Readonly<{ steps: ShiftPolicy['steps']; confirm: ShiftPolicy['confirm']; judged: boolean }>;

const DEFAULTS: Readonly<Partial<Record<UpdatePolicy['kind'], Defaults>>> = {
  'blue-green': { steps: [], confirm: 'by-hand', judged: false },
  canary: {
    steps: [5, 25, 50].map((weight) => ({ weight, holdMs: 2 * MINUTE })),
    confirm: 'by-itself',
    judged: true,
  },
};

/** How requests go over to the new version; undefined for kinds in which two versions do not serve at once. */
export function shiftOf(labels: LabelSet, kind: UpdatePolicy['kind']): ShiftPolicy | undefined {
  const all = labels.below('release.');
  const defaults = DEFAULTS[kind];
  if (defaults === undefined) {
    for (const [, reader] of all)
      reader.error(`goes with berth.release: ${Object.keys(DEFAULTS).join(' or ')}, and it is ${kind}`);
    return undefined;
  }
  const get = (name: string) => labels.get(`release.${name}`);
  const confirm = get('confirm').boolean;
  const steps = stepsOf(get('steps')) ?? defaults.steps;
  const analysis = analysisOf(labels, defaults.judged);
  if (analysis !== undefined && steps.length === 0)
    all[0]?.[1].error('judges the new version step by step, and there are no steps: write release.steps');
  const match = matchOf(get('header'), 'header') ?? matchOf(get('cookie'), 'cookie');
  if (get('header').isThere && get('cookie').isThere)
    get('cookie').error('stands beside release.header: only one of them is possible');
  const asked = confirm === undefined ? defaults.confirm : confirm ? 'by-hand' : 'by-itself';
  return {
    ...{ steps, confirm: asked },
    ...(analysis === undefined ? {} : { analysis }),
    ...(match === undefined ? {} : { match }),
  };
}

/** `5:2m,25:5m,50`: per cent, and how long. */
function stepsOf(reader: Reader): ShiftPolicy['steps'] | undefined {
  if (!reader.isThere) return undefined;
  const steps: { weight: number; holdMs: number }[] = [];
  for (const part of (reader.text ?? '').split(',')) {
    const [percent = '', time = '2m', ...more] = part.trim().split(':');
    const weight = /^\d{1,3}$/.test(percent) ? Number(percent) : -1;
    const holdMs = parseDuration(time);
    if (weight < 0 || weight > 100 || holdMs === undefined || more.length > 0)
      return reader.error(
        `has ${quoted(part)}: a step is PERCENT:TIME with 0 to 100 per cent, such as 25:5m`,
      );
    if (weight <= (steps.at(-1)?.weight ?? -1))
      return reader.error(`has ${weight} per cent after ${steps.at(-1)?.weight}: steps rise`);
    steps.push({ weight, holdMs });
  }
  return steps.length > 50 ? reader.error('has more than 50 steps') : steps;
}

function analysisOf(labels: LabelSet, judged: boolean): Analysis | undefined {
  const get = (name: string) => labels.get(`release.${name}`);
  const parts = ['min_requests', 'max_errors', 'max_slowdown', 'patience'];
  const named = parts.filter((name) => get(name).isThere);
  const wanted = get('analysis').boolean ?? (judged || named.length > 0);
  if (!wanted) {
    for (const name of named) get(name).error('stands beside release.analysis: false, remove one of them');
    return undefined;
  }
  return {
    minRequests: get('min_requests').whole(1, 1_000_000) ?? 50,
    maxErrorRate: (get('max_errors').number({ min: 0, max: 100 }) ?? 5) / 100,
    maxSlowdown: get('max_slowdown').number({ min: 1, max: 1_000 }) ?? 2,
    patienceMs: get('patience').duration ?? 10 * MINUTE,
  };
}

/** `NAME=VALUE`. */
function matchOf(reader: Reader, kind: 'header' | 'cookie'): ShiftPolicy['match'] {
  if (!reader.isThere) return undefined;
  const [, name, value] =
    /^([A-Za-z0-9][A-Za-z0-9_-]{0,127})=([\x20-\x7e]{1,4096})$/.exec(reader.text ?? '') ?? [];
  if (name === undefined || value === undefined)
    return reader.error(`is ${quoted(reader.text)}: write NAME=VALUE, the name of letters, digits, _ and -`);
  return { in: kind, name, value };
}
