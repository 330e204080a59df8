import type { ServiceRecord } from '../../model/deployment.ts';
import type { ReadTx } from '../../store/store.ts';

/**
 * How long a request waits for what is being taken away, milliseconds: `docker stack rm` asks for networks, secrets and
 * configs to go right after it has taken the services away, whose containers stop in their own time (10 s unless they say
 * more, and first their routers let go of them).
 */
export const LEAVE_MS = 120_000;

/** Whether it is being taken away, by itself or with its stack. */
export function isLeaving(tx: ReadTx, { stack, removing }: ServiceRecord): boolean {
  return removing === true || tx.get('stacks', stack)?.removing === true;
}
