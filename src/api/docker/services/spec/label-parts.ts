import { BerthError } from '../../../../kit/errors.ts';
import { composePlacement } from '../../../../scheduler/compose-placement.ts';
import { PLACEMENT_LABELS } from '../../../../scheduler/spec-expressions.ts';
import { isAbsent, isZero, type Json, type Part, withContainer } from './part.ts';

/** Counts `docker service update --force`: another value makes other containers. */
const LABEL_FORCED = 'berth.force-update';

/** Labels of containers which stand elsewhere in Docker's spec, or follow from the service's name. */
export const DERIVED: readonly string[] = [
  PLACEMENT_LABELS.placement,
  LABEL_FORCED,
  'com.docker.compose.project',
  'com.docker.compose.service',
];

type Labels = Readonly<Record<string, string>>;

const split = (labels: Labels, derived: boolean): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => DERIVED.includes(key) === derived));

const labels: Part = {
  path: 'TaskTemplate.ContainerSpec.Labels',
  read: ({ container }) => {
    const own = split(container.Labels ?? {}, false);
    return isAbsent(own) ? undefined : own;
  },
  write: (service, value) => {
    const given = (value ?? {}) as Labels;
    const taken = Object.keys(given).find((key) => DERIVED.includes(key));
    if (taken !== undefined)
      throw new BerthError('bad_request', `label ${taken} is Berth’s own on containers of a service`, {
        hint: 'leave it out',
      });
    return withContainer(service, 'Labels', { ...given, ...split(service.container.Labels ?? {}, true) });
  },
};

type Kept = Readonly<{
  constraints?: readonly string[];
  preferences?: readonly Readonly<{ spread: string }>[];
  max_replicas_per_node?: number;
}>;

function placementOf(text: string | undefined): Kept {
  if (text === undefined) return {};
  try {
    return (JSON.parse(text) ?? {}) as Kept;
  } catch {
    return {};
  }
}

/** One field of compose's `deploy.placement`, which the scheduler reads from a label. */
function placement(path: string, read: (kept: Kept) => unknown, write: (value: unknown) => Kept): Part {
  return {
    path: `TaskTemplate.Placement.${path}`,
    read: ({ container }) => read(placementOf(container.Labels?.[PLACEMENT_LABELS.placement])),
    write: (service, value) => {
      const { [PLACEMENT_LABELS.placement]: before, ...others } = service.container.Labels ?? {};
      const next = { ...placementOf(before), ...write(value) };
      const made = Object.fromEntries(Object.entries(next).filter(([, one]) => one !== undefined));
      composePlacement(made);
      const text = Object.keys(made).length === 0 ? undefined : JSON.stringify(made);
      return withContainer(service, 'Labels', {
        ...others,
        ...(text === undefined ? {} : { [PLACEMENT_LABELS.placement]: text }),
      });
    },
  };
}

const constraints = placement(
  'Constraints',
  (kept) => kept.constraints,
  (value) => ({ constraints: isAbsent(value) ? undefined : value }) as Kept,
);
const preferences = placement(
  'Preferences',
  (kept) => kept.preferences?.map(({ spread }) => ({ Spread: { SpreadDescriptor: spread } })),
  (value) => {
    if (isAbsent(value)) return { preferences: undefined } as unknown as Kept;
    const given = value as readonly { Spread: { SpreadDescriptor: string } }[];
    return { preferences: given.map(({ Spread }) => ({ spread: Spread.SpreadDescriptor })) };
  },
);
const most = placement(
  'MaxReplicas',
  (kept) => (isZero(kept.max_replicas_per_node) ? undefined : kept.max_replicas_per_node),
  (value) => ({ max_replicas_per_node: isZero(value) ? undefined : value }) as Kept,
);

const forced: Part = {
  path: 'TaskTemplate.ForceUpdate',
  read: ({ container }) => {
    const count = Number(container.Labels?.[LABEL_FORCED] ?? 0);
    return Number.isSafeInteger(count) && count > 0 ? count : undefined;
  },
  write: (service, value) => {
    const { [LABEL_FORCED]: _, ...others } = service.container.Labels ?? {};
    const Labels = isZero(value) ? others : { ...others, [LABEL_FORCED]: String(value) };
    return withContainer(service, 'Labels', Labels as Json);
  },
};

/** What stands in labels of the containers. */
export const LABEL_PARTS: readonly Part[] = [labels, constraints, preferences, most, forced];
