import { BerthError } from '../../../src/contract/page-client.ts';
import type { RouteInput, RouteOutput } from '../../../src/contract/v1/route.ts';
import type { JsonRouteName, Routes } from '../../../src/contract/v1/routes.ts';
import { client } from './client.ts';

/** Asks whether something is still there. False: it is gone, or another one has its name. @throws where that cannot be told */
export type There = (signal: AbortSignal) => Promise<boolean>;

type Input<N extends JsonRouteName> =
  unknown extends RouteInput<Routes[N]> ? undefined : RouteInput<Routes[N]>;

/**
 * Asks the manager, of what is not in the live picture. What nobody may read, or is not answered, is not gone.
 * @param route of the thing itself, or of the list that has all of them
 * @param is whether it is in the answer, and is that one: its ID, or when it was made, where another may have its name
 * @param hosts names of those that report it: as long as one of them is away, or has not reported yet, nobody knows
 */
export function thereBy<N extends JsonRouteName>(
  route: N,
  input: Input<N>,
  is: (answer: RouteOutput<Routes[N]>) => boolean = () => true,
  hosts: readonly string[] = [],
  { call }: Pick<typeof client, 'call'> = client,
): There {
  const ask: There = async (signal) => {
    try {
      return is(await call(route, ...([input, { signal }] as never)));
    } catch (thrown) {
      if (thrown instanceof BerthError && thrown.code === 'not_found') return false;
      throw thrown;
    }
  };
  return async (signal) => {
    if (await ask(signal)) return true;
    if (hosts.length === 0) return false;
    // Once more behind the question for the hosts: what they report may have come between the two.
    const { nodes } = await call('node.list', undefined, { signal });
    return nodes.some(({ name, state }) => hosts.includes(name) && state !== 'ready') || ask(signal);
  };
}
