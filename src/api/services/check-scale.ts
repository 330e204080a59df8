import { BerthError } from '../../kit/errors.ts';
import type { ServiceRecord } from '../../model/deployment.ts';
import type { Service } from '../../model/service.ts';

/**
 * Refuses a number of containers that the service cannot have.
 * @throws BerthError `conflict` for more containers than it has names or addresses
 */
export function checkScale({ name, naming, identity }: Service, replicas: number): void {
  if (naming.kind === 'fixed' && replicas > 1)
    throw new BerthError(
      'conflict',
      `service ${name} has one container: container_name names it ${naming.name}`,
    );
  const short = Object.entries(identity.ips).find(([, addresses]) => addresses.length < replicas);
  if (short !== undefined)
    throw new BerthError(
      'conflict',
      `service ${name} has ${short[1].length} addresses on network ${short[0]}, fewer than ${replicas}`,
    );
}

/** @throws BerthError `conflict` for a service that has no number of containers to set */
export function refuseNumberless({ stack, name, service }: ServiceRecord): void {
  if (service.scale.kind === 'global')
    throw new BerthError('conflict', `service ${name} is on each host: it has no number of containers`);
  if (service.runs.kind === 'cron')
    throw new BerthError('conflict', `service ${name} runs at its times: it has no number of containers`, {
      hint: `"berth job run ${stack}/${name}" runs it now`,
    });
}
