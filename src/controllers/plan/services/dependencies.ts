import type { ReleaseState } from '../../../model/deployment.ts';
import { say } from '../../../model/said/index.ts';
import type { Service } from '../../../model/service.ts';
import type { Member } from './member.ts';

/** What others may wait for of a service. */
export type Waited = Readonly<{
  wanted: number;
  release: number;
  state: ReleaseState;
  members: readonly Member[];
}>;

/**
 * Why the service may not begin yet, in one line; undefined where all that it depends on is as far as it asks.
 * @param others by name, of the same stack
 */
export function waitsFor(
  { dependsOn }: Pick<Service, 'dependsOn'>,
  others: ReadonlyMap<string, Waited>,
): string | undefined {
  for (const { service, condition, required } of dependsOn) {
    const other = others.get(service);
    if (other === undefined) {
      if (required) return say('services.waits.gone', { service });
      continue;
    }
    if (!isMet(other, condition))
      return say(`services.waits.${other.state === 'failed' ? 'failed' : condition}`, { service });
  }
  return undefined;
}

type ConditionName = Service['dependsOn'][number]['condition'];

function isMet({ wanted, release, state, members }: Waited, condition: ConditionName): boolean {
  const own = members.filter((one) => one.release === release && !one.leaving);
  const count = (fits: (one: Member) => boolean) => own.filter(fits).length >= wanted;
  switch (condition) {
    case 'completed':
      return state === 'done' || count((one) => one.state === 'ended');
    case 'healthy':
      return count((one) => one.state === 'ready' || one.state === 'ended');
    case 'started':
      return count(({ running, state }) => running || state === 'ended');
  }
}
