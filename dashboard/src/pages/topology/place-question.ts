import type { Plan } from '../../../../src/contract/v1/cluster.ts';
import type { RouteInput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';
import { shellWord } from '../../parts/format.ts';
import { NO_PLAN, type PlanOnMap } from './flows.ts';

/** What is asked for, as it is typed; empty where nothing is asked. */
export type PlaceDraft = Readonly<{
  image: string;
  count: number | string;
  cpus: number | string;
  /** MiB. */
  memory: number | string;
  /** Expressions over labels of hosts, such as `rack==r1`, with spaces between. */
  constraints: string;
}>;
export type PlaceQuestion = RouteInput<Routes['plan.make']>;

export const NO_PLACE: PlaceDraft = { image: '', count: 1, cpus: '', memory: '', constraints: '' };
const MIB = 1024 ** 2;

export function placeQuestion({ image, count, cpus, memory, constraints }: PlaceDraft): PlaceQuestion {
  const limits = {
    ...(Number(cpus) > 0 ? { NanoCpus: Math.round(Number(cpus) * 1e9) } : {}),
    ...(Number(memory) > 0 ? { Memory: Math.round(Number(memory) * MIB) } : {}),
  };
  const env = constraintsOf(constraints).map((one) => `constraint:${one}`);
  return {
    name: nameFor(image),
    count: Number(count) || 1,
    spec: {
      Image: image.trim(),
      ...(env.length === 0 ? {} : { Env: env }),
      ...(Object.keys(limits).length === 0 ? {} : { HostConfig: limits }),
    },
  };
}

export function placeCli({ image, count, cpus, memory, constraints }: PlaceDraft): string {
  return [
    ...['berth plan', shellWord(image.trim() || 'IMAGE'), `--count ${Number(count) || 1}`],
    ...(Number(cpus) > 0 ? [`--cpus ${cpus}`] : []),
    ...(Number(memory) > 0 ? [`--memory ${memory}m`] : []),
    ...constraintsOf(constraints).map((one) => `-e ${shellWord(`constraint:${one}`)}`),
  ].join(' ');
}

/** How many would come to each host, by its name, those of most first; and why the others find none. */
export function placesOf({ placements }: Plan) {
  const coming = new Map<string, number>();
  for (const { hostName } of placements)
    if (hostName !== undefined) coming.set(hostName, (coming.get(hostName) ?? 0) + 1);
  const refused = placements.filter(({ hostId }) => hostId === undefined);
  return {
    hosts: [...coming].map(([host, count]) => ({ host, count })).sort((a, b) => b.count - a.count),
    nowhere: refused.length,
    why: refused[0]?.refusal ?? '',
  };
}

export function placesOnMap(plan: Plan): PlanOnMap {
  return { ...NO_PLAN, coming: new Map(placesOf(plan).hosts.map(({ host, count }) => [host, count])) };
}

function constraintsOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** The image's last word: refusals speak of it. */
function nameFor(image: string): string {
  return /([^/:@]+)(:[^/:@]*)?(@[^/]*)?$/.exec(image.trim())?.[1]?.slice(0, 128) ?? 'plan';
}
