import type { BerthError } from '../../../kit/errors.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { type FanoutResult, fanOut, type HostRef } from '../fanout.ts';
import { addWarnings, noHost, reachableHosts, unreachableWarnings } from './hosts.ts';

/** Removing takes an engine as long as its disk does; a host that is lost on the way ends it sooner. */
export const LONG_MS = 10 * 60_000;

/**
 * Asks every reachable host something whose answers are added up. Hosts that did not answer are named in `Warning`
 * headers.
 * @throws BerthError where none is connected, and the first host's error where none succeeded
 */
export async function askAll<T>(
  call: DockerCall,
  question: (host: HostRef, signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
): Promise<FanoutResult<T>> {
  const result = await askReachable(call, question, timeoutMs);
  addWarnings(call.res, result.warnings);
  return result;
}

/** As `askAll`, whoever asks: hosts that did not answer are named in `warnings`. */
export async function askReachable<T>(
  call: EngineCall,
  question: (host: HostRef, signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
): Promise<FanoutResult<T>> {
  const hosts = reachableHosts(call);
  if (hosts.length === 0) throw noHost();
  const result = await fanOut(call, hosts, question, timeoutMs);
  const [failure] = result.failures;
  if (result.answers.length === 0 && failure !== undefined) throw failure.error as BerthError;
  return { ...result, warnings: [...result.warnings, ...unreachableWarnings(call)] };
}
