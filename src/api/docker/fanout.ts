import { BerthError, messageOf } from '../../kit/errors.ts';
import { defaultSettings } from '../../model/settings.ts';
import { SETTINGS_KEY } from '../../store/tables.ts';
import type { DockerCall } from './call.ts';

export type HostRef = Readonly<{ id: string; name: string }>;

export type FanoutResult<T> = Readonly<{
  /** In the order of the hosts that were asked. */
  answers: readonly Readonly<{ host: HostRef; value: T }>[];
  /** Hosts that gave none: one sentence each in `warnings`, the error beside it. */
  failures: readonly Readonly<{ host: HostRef; error: unknown }>[];
  warnings: readonly string[];
}>;

/**
 * Asks several hosts at once. A host that does not answer within `settings.fanoutTimeoutMs` costs that much and is
 * named in `warnings`; a host without a connection costs nothing.
 * @param timeoutMs instead of the settings' limit, for what takes long by nature (a prune); 0 waits for ever
 */
export async function fanOut<T>(
  call: Pick<DockerCall, 'deps' | 'signal'>,
  hosts: readonly HostRef[],
  question: (host: HostRef, signal: AbortSignal) => Promise<T>,
  timeoutMs = fanoutTimeoutMs(call),
): Promise<FanoutResult<T>> {
  const outcomes = await Promise.all(
    hosts.map(async (host) => {
      try {
        return { host, value: await within(call, host, question, timeoutMs) };
      } catch (error) {
        return { host, error };
      }
    }),
  );
  const answers = outcomes.flatMap((one) =>
    'value' in one ? [{ host: one.host, value: one.value as T }] : [],
  );
  const failures = outcomes.flatMap((one) => ('error' in one ? [{ host: one.host, error: one.error }] : []));
  return {
    answers,
    failures,
    warnings: failures.map(({ host, error }) => `host ${host.name}: ${messageOf(error)}`),
  };
}

/** The cluster's time limit for one host among many, milliseconds. */
export function fanoutTimeoutMs({ deps }: Pick<DockerCall, 'deps'>): number {
  const record = deps.store.view((tx) => tx.get('settings', SETTINGS_KEY));
  return (record?.settings ?? defaultSettings).fanoutTimeoutMs;
}

/** Hosts that are connected now; with `all`, every host of the cluster. Sorted by name. */
export function hostsOf({ deps }: Pick<DockerCall, 'deps'>, which: 'connected' | 'all'): HostRef[] {
  const hosts = deps.store.view((tx) => [...tx.all('hosts')].map(({ id, name }) => ({ id, name })));
  return hosts
    .filter(({ id }) => which === 'all' || deps.engines.connected(id))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function within<T>(
  { deps, signal }: Pick<DockerCall, 'deps' | 'signal'>,
  host: HostRef,
  question: (host: HostRef, signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  if (!deps.engines.connected(host.id)) throw new BerthError('host_down', 'not connected');
  const own = new AbortController();
  const onAbort = () => own.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    if (own.signal.aborted) reject(own.signal.reason);
    own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true });
    if (timeoutMs > 0) {
      const error = new BerthError('timeout', `no answer within ${timeoutMs} ms`);
      timer = setTimeout(() => own.abort(error), timeoutMs);
    }
  });
  // Nobody may be waiting any more when the client goes away later.
  late.catch(() => undefined);
  try {
    return await Promise.race([question(host, own.signal), late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
