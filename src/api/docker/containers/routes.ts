import type { DockerRoute } from '../call.ts';

/** Containers and exec. */
export const CONTAINER_ROUTES: readonly DockerRoute[] = [];
