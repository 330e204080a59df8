import { servingOf } from '../../../../compose/index.ts';
import type { Service } from '../../../../model/service.ts';
import { IMAGE_PROBE } from './container-parts.ts';
import { DERIVED } from './label-parts.ts';
import { at, isSame } from './part.ts';

type Labels = Readonly<Record<string, string>>;

/** Those that mean something to Berth, and were written by a user. */
function meant(labels: Labels | null | undefined): Labels {
  const entries = Object.entries(labels ?? {});
  return Object.fromEntries(
    entries.filter(([name]) => /^(?:berth|aliyun)\./.test(name) && !DERIVED.includes(name)),
  );
}

/**
 * The service with the routes and probes that its labels ask for, as "berth deploy" reads them. Where the labels are those
 * that it had, it stays as it is.
 * @param before as it was
 * @throws BerthError `bad_request` for labels that a compose file is refused for
 */
export function withServing(
  service: Service,
  before: Service,
): Readonly<{ service: Service; warnings: readonly string[] }> {
  const [own, deployed] = [meant(service.container.Labels), meant(service.labels)];
  if (isSame(own, meant(before.container.Labels)) && isSame(deployed, meant(before.labels)))
    return { service, warnings: [] };
  const { warnings, routes, weight, readiness, liveness } = servingOf(own, deployed);
  const test = at(service.container, 'Healthcheck.Test');
  const isOff = Array.isArray(test) && test[0] === 'NONE';
  const made = {
    ...service,
    routes,
    weight,
    readiness: readiness ?? (isOff ? undefined : IMAGE_PROBE),
    liveness,
  };
  return { service: made, warnings };
}
