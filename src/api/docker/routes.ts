import type { DockerRoute } from './call.ts';
import { CONTAINER_ROUTES } from './containers/routes.ts';

/** Every route of the Docker endpoint; the first that fits is taken. */
export const DOCKER_ROUTES: readonly DockerRoute[] = [...CONTAINER_ROUTES];
