import type { Probe } from '../../model/service.ts';
import { quoted } from '../problems.ts';
import type { LabelSet } from './label-set.ts';

/** Aliyun's hosts probed every 2 s. */
const READINESS = { intervalMs: 2000, timeoutMs: 2000, failures: 3 };
const LIVENESS = { intervalMs: 10_000, timeoutMs: 2000, failures: 3 };

/** A probe from labels; undefined where there is none. */
export function probeOf(labels: LabelSet, name: 'probe' | 'liveness'): Probe | undefined {
  const get = (field: string) => labels.get(`${name}.${field}`);
  const defaults = name === 'probe' ? READINESS : LIVENESS;
  const seconds = (field: string, min: number) => get(field).number({ min, max: 86_400 });
  const settings = {
    intervalMs: milliseconds(seconds('interval_seconds', 0.1)) ?? defaults.intervalMs,
    timeoutMs: milliseconds(seconds('timeout_seconds', 0.1)) ?? defaults.timeoutMs,
    startPeriodMs: milliseconds(seconds('initial_delay_seconds', 0)) ?? 0,
    successes: get('healthy_threshold').whole(1, 100) ?? 1,
    failures: get('unhealthy_threshold').whole(1, 100) ?? defaults.failures,
  };
  const check = checkOf(labels, name);
  if (check !== undefined) return { kind: 'probe', check, ...settings };
  const without = labels.below(`${name}.`).find(([field]) => !['url', 'cmd'].includes(field));
  if (!get('url').isThere && !get('cmd').isThere)
    without?.[1].warn(`changes nothing without ${name}.url or ${name}.cmd`);
  return undefined;
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

function checkOf(labels: LabelSet, name: string): Probe['check'] | undefined {
  const [url, cmd] = [labels.get(`${name}.url`), labels.get(`${name}.cmd`)];
  if (url.isThere && cmd.isThere) return cmd.error(`stands beside ${name}.url: only one of them is possible`);
  if (cmd.isThere) {
    const text = cmd.text ?? '';
    if (text.trim() === '' || text.includes('\0')) return cmd.error('is no command');
    // Docker's CMD-SHELL runs it in the same way.
    return { kind: 'exec', argv: ['/bin/sh', '-c', text] };
  }
  const text = url.text;
  if (text === undefined) return undefined;
  const wanted = 'write http://container[:PORT]/PATH or tcp://container:PORT';
  const [, scheme = '', host = '', port, path] =
    /^(https?|tcp):\/\/([^/:?#\s]*)(?::(\d{1,5}))?([/?][^\s#\p{Cc}]*)?$/u.exec(text) ?? [];
  if (scheme === '' || (scheme === 'tcp' && (port === undefined || (path ?? '/') !== '/')))
    return url.error(`${quoted(text)} is no probe: ${wanted}`);
  if (host !== 'container')
    return url.error(`${quoted(text)} has the host ${quoted(host)}: it is always container; ${wanted}`);
  const number = port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port);
  if (number < 1 || number > 65_535)
    return url.error(`${quoted(text)} has the port ${port}: ports are 1 to 65535`);
  if (scheme === 'tcp') return { kind: 'tcp', port: number };
  const target = path === undefined ? '/' : path.startsWith('/') ? path : `/${path}`;
  return { kind: 'http', scheme: scheme === 'https' ? 'https' : 'http', port: number, path: target };
}
