import type { DockerRoute } from './call.ts';
import { CONTAINER_ROUTES } from './containers/routes.ts';
import { FILE_ROUTES } from './files/routes.ts';
import { IMAGE_ROUTES } from './images/routes.ts';
import { NETWORK_ROUTES } from './networks/routes.ts';
import { SERVICE_ROUTES } from './services/routes.ts';
import { SYSTEM_ROUTES } from './system/routes.ts';
import { VOLUME_ROUTES } from './volumes/routes.ts';

/** Every route of the Docker endpoint; the first that fits is taken. */
export const DOCKER_ROUTES: readonly DockerRoute[] = [
  ...SYSTEM_ROUTES,
  ...CONTAINER_ROUTES,
  ...IMAGE_ROUTES,
  ...NETWORK_ROUTES,
  ...VOLUME_ROUTES,
  ...SERVICE_ROUTES,
  ...FILE_ROUTES,
];
