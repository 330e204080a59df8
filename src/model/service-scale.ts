import type { ServiceRecord } from './deployment.ts';
import type { Scaling } from './scaling.ts';
import type { Service } from './service.ts';

/** How the service scales by itself: as was set by hand, else as its compose file says; undefined: it does not. */
export function scalingOf({ service, scaling, removing }: ServiceRecord): Scaling | undefined {
  if (service.scale.kind === 'global' || service.runs.kind !== 'service' || removing === true)
    return undefined;
  if (scaling === undefined) return service.scaling;
  return scaling.kind === 'off' ? undefined : scaling;
}

/** Containers that there are to be, of a service that is not on each host. */
export function replicasOf({ scale, service }: Pick<ServiceRecord, 'scale' | 'service'>): number {
  return scale ?? (service.scale.kind === 'replicated' ? service.scale.replicas : 0);
}

/** The service with the number of containers that was set by hand, or by the autoscaler. */
export function scaled({ service, scale }: Pick<ServiceRecord, 'scale' | 'service'>): Service {
  if (scale === null || service.scale.kind === 'global') return service;
  return { ...service, scale: { kind: 'replicated', replicas: scale } };
}
