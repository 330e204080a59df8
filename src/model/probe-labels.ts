import type { Probe, Probes } from './probe.ts';

/** What is wrong with one label, by what stands behind `probe.` or `liveness.`. */
export type ProbeProblem = Readonly<{ field: string; message: string }>;

/** Aliyun's hosts probed every 2 s. */
const DEFAULTS = {
  probe: { intervalMs: 2000, timeoutMs: 2000, failures: 3 },
  liveness: { intervalMs: 10_000, timeoutMs: 2000, failures: 3 },
} as const;

/** A probe's labels but for `url` and `cmd`: numbers, with the smallest and the largest. */
const NUMBERS = {
  interval_seconds: { min: 0.1, max: 86_400, whole: false },
  timeout_seconds: { min: 0.1, max: 86_400, whole: false },
  initial_delay_seconds: { min: 0, max: 86_400, whole: false },
  healthy_threshold: { min: 1, max: 100, whole: true },
  unhealthy_threshold: { min: 1, max: 100, whole: true },
} as const;

/**
 * A probe from labels; undefined where there is none, or a problem.
 * @param name of the labels: `probe` is readiness
 * @param value the text of the label `NAME.FIELD`
 */
export function probeOfLabels(
  name: keyof typeof DEFAULTS,
  value: (field: string) => string | undefined,
): Readonly<{ probe: Probe | undefined; problems: readonly ProbeProblem[] }> {
  const problems: ProbeProblem[] = [];
  const number = (field: keyof typeof NUMBERS) => numberOf(field, value(field), problems);
  const seconds = (field: keyof typeof NUMBERS) => {
    const given = number(field);
    return given === undefined ? undefined : Math.round(given * 1000);
  };
  const defaults = DEFAULTS[name];
  const settings = {
    intervalMs: seconds('interval_seconds') ?? defaults.intervalMs,
    timeoutMs: seconds('timeout_seconds') ?? defaults.timeoutMs,
    startPeriodMs: seconds('initial_delay_seconds') ?? 0,
    successes: number('healthy_threshold') ?? 1,
    failures: number('unhealthy_threshold') ?? defaults.failures,
  };
  const check = checkOf(name, value('url'), value('cmd'), problems);
  const probe: Probe | undefined = check && { kind: 'probe', check, ...settings };
  return { probe: problems.length === 0 ? probe : undefined, problems };
}

function numberOf(
  field: keyof typeof NUMBERS,
  text: string | undefined,
  problems: ProbeProblem[],
): number | undefined {
  if (text === undefined) return undefined;
  const { min, max, whole } = NUMBERS[field];
  const value = /^\d{1,6}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? 'whole number' : 'number';
  problems.push({ field, message: `is ${shown(text)}, and must be a ${kind} from ${min} to ${max}` });
  return undefined;
}

function checkOf(
  name: string,
  url: string | undefined,
  cmd: string | undefined,
  problems: ProbeProblem[],
): Probe['check'] | undefined {
  const refuse = (field: string, message: string): undefined => void problems.push({ field, message });
  if (url !== undefined && cmd !== undefined)
    return refuse('cmd', `stands beside ${name}.url: only one of them is possible`);
  if (cmd !== undefined) {
    if (cmd.trim() === '' || cmd.includes('\0')) return refuse('cmd', 'is no command');
    // Docker's CMD-SHELL runs it in the same way.
    return { kind: 'exec', argv: ['/bin/sh', '-c', cmd] };
  }
  if (url === undefined) return undefined;
  const wanted = 'write http://container[:PORT]/PATH or tcp://container:PORT';
  const [, scheme = '', host = '', port, path] =
    /^(https?|tcp):\/\/([^/:?#\s]*)(?::(\d{1,5}))?([/?][^\s#\p{Cc}]*)?$/u.exec(url) ?? [];
  if (scheme === '' || (scheme === 'tcp' && (port === undefined || (path ?? '/') !== '/')))
    return refuse('url', `${shown(url)} is no probe: ${wanted}`);
  if (host !== 'container')
    return refuse('url', `${shown(url)} has the host ${shown(host)}: it is always container; ${wanted}`);
  const number = port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port);
  if (number < 1 || number > 65_535)
    return refuse('url', `${shown(url)} has the port ${port}: ports are 1 to 65535`);
  if (scheme === 'tcp') return { kind: 'tcp', port: number };
  const target = path === undefined ? '/' : path.startsWith('/') ? path : `/${path}`;
  return { kind: 'http', scheme: scheme === 'https' ? 'https' : 'http', port: number, path: target };
}

const PROBE_LABEL = /^(berth|aliyun)\.(probe|liveness)\./;
const FIELDS: readonly string[] = ['url', 'cmd', ...Object.keys(NUMBERS)];

/**
 * The probes that a container's own labels ask for, by Berth's names or Aliyun's; undefined where there are none. `problem`
 * says in one sentence what is wrong with them.
 */
export function probesOfLabels(
  labels: Readonly<Record<string, string>>,
): Readonly<{ probes: Probes | undefined; problem: string | undefined }> {
  // Nearly all containers: this is on the way of each create.
  if (!Object.keys(labels).some((label) => PROBE_LABEL.test(label)))
    return { probes: undefined, problem: undefined };
  const wrong = (label: string, message: string) => ({
    probes: undefined,
    problem: `label ${label} ${message}`,
  });
  const found: { probe?: Probe; liveness?: Probe } = {};
  for (const name of ['probe', 'liveness'] as const) {
    const unknown = Object.keys(labels).find(
      (label) => label.startsWith(`berth.${name}.`) && !FIELDS.includes(label.slice(`berth.${name}.`.length)),
    );
    if (unknown !== undefined) return wrong(shown(unknown), `is none: there are ${FIELDS.join(', ')}`);
    for (const field of FIELDS) {
      const [own, twin] = [labels[`berth.${name}.${field}`], labels[`aliyun.${name}.${field}`]];
      if (own !== undefined && twin !== undefined && own !== twin)
        return wrong(
          `berth.${name}.${field}`,
          `is ${shown(own)}, and aliyun.${name}.${field} is ${shown(twin)}: both mean the same, remove one`,
        );
    }
    const label = (field: string) =>
      `berth.${name}.${field}` in labels ? `berth.${name}.${field}` : `aliyun.${name}.${field}`;
    const { probe, problems } = probeOfLabels(name, (field) => labels[label(field)]);
    const [first] = problems;
    if (first !== undefined) return wrong(label(first.field), first.message);
    if (probe !== undefined) found[name] = probe;
  }
  const { probe: readiness, liveness } = found;
  if (readiness === undefined && liveness === undefined) return { probes: undefined, problem: undefined };
  return {
    probes: {
      ...(readiness === undefined ? {} : { readiness }),
      ...(liveness === undefined ? {} : { liveness }),
    },
    problem: undefined,
  };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
