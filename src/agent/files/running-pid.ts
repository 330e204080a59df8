import { z } from 'zod';
import type { Engine } from '../../engine/index.ts';
import { BerthError } from '../../kit/errors.ts';
import { checked } from '../listing.ts';

const inspectSchema = z.looseObject({ State: z.looseObject({ Pid: z.number() }) });

/**
 * The first process of a container, by whose root its files are reached.
 * @param hint what can be done where it does not run
 * @throws BerthError `conflict` where it does not, the engine's
 */
export async function runningPid(
  engine: Pick<Engine, 'json'>,
  container: string,
  hint: string,
  signal: AbortSignal,
): Promise<number> {
  const route = `/containers/${container}/json`;
  const answer = await engine.json('GET', route, undefined, signal);
  const { Pid } = checked(route, () => inspectSchema.parse(answer)).State;
  if (Pid === 0)
    throw new BerthError('conflict', 'the container does not run: its folders cannot be reached', { hint });
  return Pid;
}
