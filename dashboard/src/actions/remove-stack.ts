import { BerthError } from '../../../src/contract/page-client.ts';
import { client } from '../cluster/client.ts';

type Calls = Pick<typeof client, 'call'>;
/** How often it is looked whether the stack is gone, milliseconds. */
const LOOK_MS = 1000;
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));

/**
 * Takes a stack away and then, once its containers are gone, deletes volumes of it. What cannot be deleted does not keep the
 * others.
 * @throws BerthError why the stack stays, or the first of the volumes that stay
 */
export async function removeStack(
  stack: string,
  volumes: readonly string[],
  { call }: Calls = client,
  rest: () => Promise<void> = pause,
): Promise<void> {
  await call('stack.remove', { stack });
  while (await isThere(stack, { call })) await rest();
  const problems: unknown[] = [];
  for (const volume of volumes) {
    try {
      await call('volume.remove', { volume });
    } catch (thrown) {
      if (!isGone(thrown)) problems.push(thrown);
    }
  }
  if (problems.length > 0) throw problems[0];
}

/** A manager that is not to be reached has not said that it is gone. */
async function isThere(stack: string, { call }: Calls): Promise<boolean> {
  try {
    await call('stack.get', { stack });
    return true;
  } catch (thrown) {
    if (isGone(thrown)) return false;
    if (thrown instanceof BerthError && thrown.retryable) return true;
    throw thrown;
  }
}

const isGone = (thrown: unknown) => thrown instanceof BerthError && thrown.code === 'not_found';
