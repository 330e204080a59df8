import type { DockerDeps } from '../docker/deps.ts';
import { servedVersions } from '../docker/version.ts';
import { dropVolume } from '../docker/volumes/drop-volume.ts';

/** A host's engine that says nothing is given up, milliseconds. */
const REMOVE_MS = 60_000;

/** Deletes a volume with all that is in it. @throws BerthError as `dropVolume` */
export function removeVolume(deps: DockerDeps, name: string): Promise<void> {
  const apiVersion = servedVersions(deps.store).api;
  return dropVolume({ deps, apiVersion, signal: AbortSignal.timeout(REMOVE_MS) }, name);
}
