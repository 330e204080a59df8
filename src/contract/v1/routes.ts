import { accessRoutes } from './access.ts';
import { addressRoutes } from './addresses.ts';
import { autoscaleRoutes } from './autoscale.ts';
import { balancerRoutes } from './balancers.ts';
import { certificateRoutes } from './certificates.ts';
import { clusterRoutes } from './cluster.ts';
import { containerColumnRoutes } from './container-columns.ts';
import { containerFileRoutes } from './container-files.ts';
import { containerRoutes } from './containers.ts';
import { dnsRoutes } from './dns.ts';
import { fileRoutes } from './files.ts';
import { imageRoutes } from './images.ts';
import { jobRoutes } from './jobs.ts';
import { joinTokenRoutes } from './join-tokens.ts';
import { joiningRoutes } from './joining.ts';
import { metricRoutes } from './metrics.ts';
import { moveRoutes } from './moves.ts';
import { networkRoutes } from './networks.ts';
import { nodeRoutes } from './nodes.ts';
import { oidcRoutes } from './oidc.ts';
import { orphanRoutes } from './orphans.ts';
import { registryRoutes } from './registries.ts';
import { releaseRoutes } from './releases.ts';
import { routeListRoutes } from './route-list.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes } from './session.ts';
import { stackSourceRoutes } from './stack-sources.ts';
import { terminalRoutes } from './terminals.ts';
import { topRoutes } from './top.ts';
import { triggerRoutes } from './triggers.ts';
import { volumeRoutes } from './volumes.ts';

/** Every route of the API. The server takes its handlers by these names, the client its calls. */
export const routes = {
  ...sessionRoutes,
  ...oidcRoutes,
  ...clusterRoutes,
  ...nodeRoutes,
  ...metricRoutes,
  ...topRoutes,
  ...moveRoutes,
  ...orphanRoutes,
  ...containerRoutes,
  ...containerFileRoutes,
  ...terminalRoutes,
  ...containerColumnRoutes,
  ...serviceRoutes,
  ...stackSourceRoutes,
  ...volumeRoutes,
  ...jobRoutes,
  ...fileRoutes,
  ...releaseRoutes,
  ...registryRoutes,
  ...autoscaleRoutes,
  ...triggerRoutes,
  ...routeListRoutes,
  ...networkRoutes,
  ...imageRoutes,
  ...addressRoutes,
  ...balancerRoutes,
  ...certificateRoutes,
  ...dnsRoutes,
  ...joinTokenRoutes,
  ...joiningRoutes,
  ...accessRoutes,
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
/** Routes that answer in JSON, and take no bytes. */
export type JsonRouteName = {
  [N in RouteName]: Routes[N] extends { takes: 'bytes' }
    ? never
    : Routes[N]['answer'] extends { type: 'json' }
      ? N
      : never;
}[RouteName];
/** Routes that answer with a value on each line. */
export type LinesRouteName = {
  [N in RouteName]: Routes[N]['answer'] extends { type: 'lines' } ? N : never;
}[RouteName];
/** Routes that answer in text. */
export type TextRouteName = {
  [N in RouteName]: Routes[N]['answer'] extends { type: 'text' } ? N : never;
}[RouteName];
