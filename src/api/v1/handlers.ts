import type { Family } from '../../kit/exposition.ts';
import { LoginLimiter } from '../auth/login-limiter.ts';
import type { Terminals } from '../terminals/terminals.ts';
import { addressHandlers } from './addresses.ts';
import { apiTokenHandlers } from './api-tokens.ts';
import { autoscaleHandlers } from './autoscale.ts';
import { balancerHandlers } from './balancers.ts';
import { certificateHandlers } from './certificates.ts';
import type { ChangeFeed } from './change-feed.ts';
import { clusterHandlers } from './cluster.ts';
import { containerFileHandlers } from './container-files.ts';
import { containerHandlers } from './containers.ts';
import { dnsHandlers } from './dns.ts';
import { fileHandlers } from './files.ts';
import type { Handlers } from './handler.ts';
import { imageHandlers } from './images.ts';
import { jobHandlers } from './jobs.ts';
import { joinTokenHandlers } from './join-tokens.ts';
import { joiningHandlers } from './joining.ts';
import { metricHandlers } from './metrics.ts';
import { moveHandlers } from './moves.ts';
import { networkHandlers } from './networks.ts';
import { nodeHandlers } from './nodes.ts';
import { oidcHandlers } from './oidc.ts';
import { orphanHandlers } from './orphans.ts';
import { registryHandlers } from './registries.ts';
import { releaseHandlers } from './releases.ts';
import { routeListHandlers } from './route-list.ts';
import { serviceHandlers } from './services.ts';
import { sessionHandlers } from './session.ts';
import { settingsHandlers } from './settings.ts';
import { stackSourceHandlers } from './stack-sources.ts';
import { terminalHandlers } from './terminals.ts';
import { topHandlers } from './top.ts';
import { triggerHandlers } from './triggers.ts';
import { userHandlers } from './users.ts';
import { volumeHandlers } from './volumes.ts';

/** Every route's handler: a route of the contract that has none does not compile. */
export function allHandlers(
  agentFile: string,
  changes: ChangeFeed,
  figures: () => readonly Family[],
  terminals: Terminals,
): Handlers {
  // One for all doors at which a password is asked for.
  const limiter = new LoginLimiter();
  return {
    ...sessionHandlers(limiter),
    ...oidcHandlers(limiter),
    ...clusterHandlers(changes),
    ...settingsHandlers,
    ...nodeHandlers,
    ...metricHandlers(figures),
    ...topHandlers,
    ...moveHandlers,
    ...orphanHandlers,
    ...containerHandlers,
    ...containerFileHandlers(),
    ...terminalHandlers(terminals),
    ...serviceHandlers,
    ...stackSourceHandlers,
    ...volumeHandlers,
    ...jobHandlers,
    ...fileHandlers,
    ...releaseHandlers,
    ...registryHandlers,
    ...autoscaleHandlers,
    ...triggerHandlers(),
    ...routeListHandlers,
    ...networkHandlers,
    ...imageHandlers,
    ...addressHandlers,
    ...balancerHandlers,
    ...certificateHandlers,
    ...dnsHandlers,
    ...joinTokenHandlers,
    ...joiningHandlers(agentFile),
    ...userHandlers(limiter),
    ...apiTokenHandlers,
  };
}
