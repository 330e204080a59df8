import type { Run } from '../benchmark.ts';
import type { Fleet } from '../fleet/fleet.ts';

/** Requests that wait for their answers at most: a manager that does not keep up is not asked for ever more. */
const MOST_OPEN = 256;
/** About so many containers are stopped at any time, but for the first moments. */
const KEPT_STOPPED = 64;
const EVERY_MS = 20;

/** Of what is asked, this share may be refused: a simulated host that lost its connection for a moment takes nothing. */
const MOST_REFUSED = 0.01;

export type Changes = Readonly<{
  /** How many were acknowledged. Throws where more than a hundredth was refused. */
  count(): number;
  refused(): number;
  stop(): Promise<void>;
}>;

/** Stops and starts containers, one after the other, so many a second; fewer where the manager does not keep up. */
export function changeWithoutEnd(run: Run, { docker, ids }: Fleet, perSecond: number): Changes {
  const stopped: string[] = [];
  let [asked, done, open, next, refused] = [0, 0, 0, 0, 0];
  let failed: unknown;
  const began = performance.now();
  const change = async () => {
    open++;
    try {
      // As many run at the end as at the beginning, give or take a few.
      const id = stopped.length > KEPT_STOPPED ? stopped.shift() : undefined;
      if (id !== undefined) await docker.call('POST', `/v1.41/containers/${id}/start`);
      else {
        // Far apart, so that no host has them all.
        const victim = ids[(next++ * 7919) % ids.length] as string;
        await docker.call('POST', `/v1.41/containers/${victim}/stop?t=0`);
        stopped.push(victim);
      }
      done++;
    } catch (thrown) {
      refused++;
      failed ??= thrown;
    } finally {
      open--;
    }
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * perSecond;
    while (asked < due && open < MOST_OPEN) {
      asked++;
      void change();
    }
    // What was not asked for in time is not made up for later.
    asked = Math.max(asked, Math.floor(due) - perSecond);
  }, EVERY_MS);
  const end = () => clearInterval(timer);
  run.defer(end);
  return {
    count: () => {
      if (refused > Math.max(1, MOST_REFUSED * asked)) throw failed;
      return done;
    },
    refused: () => refused,
    stop: async () => {
      end();
      while (open > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    },
  };
}
