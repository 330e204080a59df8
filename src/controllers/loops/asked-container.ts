import type { ReleaseRecord } from '../../model/deployment.ts';
import type { Service } from '../../model/service.ts';
import { containerFiles } from '../../model/service-parts.ts';
import type { Stack } from '../../model/stack.ts';
import { containerName, containerSpec } from '../plan/services/container-spec.ts';
import { probesOf } from '../plan/services/member.ts';
import type { AskedContainer } from './service-hands.ts';

/** What a release's container of that index is made from. */
export function askedContainer(stack: Stack, release: ReleaseRecord, index: number): AskedContainer {
  const { spec, stack: of, service: name, number, by } = release;
  return {
    ...{ name: containerName(spec, index), spec: containerSpec(stack, spec, index), by },
    ...{ platform: spec.platform, service: { stack: of, name, index, release: number } },
    ...{ probes: probesOf(spec), files: containerFiles(spec) },
  };
}

/** Its image is pulled where it is missing, rather than being only where somebody has made it. */
export function isPulled({ pull, build }: Service): boolean {
  return pull !== 'never' && pull !== 'build' && build === undefined;
}
