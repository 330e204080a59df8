import { BerthError } from '../../kit/errors.ts';
import type { Container, DockerSpec, ObservedContainer } from '../../model/container.ts';
import { LABEL_FAILOVER, LABEL_PARTITION } from '../../model/labels.ts';
import { staysEnded } from '../../model/restart-policy.ts';
import { specExpressions } from '../../scheduler/spec-expressions.ts';

const known = new WeakMap<DockerSpec, boolean>();

/** True where the user wants the container moved when its host is down: `berth.failover=true`, or classic Swarm's policy. */
export function failsOver(spec: DockerSpec): boolean {
  let answer = known.get(spec);
  if (answer === undefined) {
    answer = readPolicy(spec);
    known.set(spec, answer);
  }
  return answer;
}

/** `berth.partition=fence`: its host may let it run until the lease is over, which the whole time of silence is longer than. */
export function isFenced(spec: DockerSpec): boolean {
  return spec.Labels?.[LABEL_PARTITION] === 'fence';
}

function readPolicy(spec: DockerSpec): boolean {
  if (spec.Labels?.[LABEL_FAILOVER] === 'true') return true;
  try {
    return specExpressions(spec).reschedule.includes('on-node-failure');
  } catch (thrown) {
    // Written by a release with laxer rules: without a policy that can be read it stays where it is.
    if (thrown instanceof BerthError) return false;
    throw thrown;
  }
}

/** A host that shuts down in order ends its containers before it falls silent: that is not their own end. Milliseconds. */
const SHUTDOWN_MS = 15_000;

/**
 * True where a container that is to run has ended by itself and nobody would start it again on its host: moving it would
 * run it a second time.
 * @param lastHeardAt when its host was last heard of, milliseconds since the epoch
 */
export function hasEnded(
  { desired }: Container,
  seen: ObservedContainer | undefined,
  lastHeardAt: number,
): boolean {
  if (desired.state !== 'running' || seen === undefined) return false;
  const { status, exitCode, finishedAt } = seen.state;
  if (status !== 'exited' && status !== 'dead') return false;
  if (finishedAt >= lastHeardAt - SHUTDOWN_MS) return false;
  return staysEnded(desired.spec, exitCode);
}
