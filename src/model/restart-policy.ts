import type { DockerSpec, EngineState } from './container.ts';
import { LABEL_RESTART } from './labels.ts';

/** What brings a container back on its host. */
export type RestartPolicy = Readonly<{
  /** Who starts it again after its process has ended: the Docker Engine (`--restart`), or the agent (Berth's label). */
  by: 'engine' | 'agent';
  name: 'always' | 'unless-stopped' | 'on-failure';
  /** How often `on-failure` tries; Infinity where that is not limited. */
  most: number;
}>;

/**
 * The policy that a container's spec asks for; undefined for none. Docker's own goes before the label, so that never both
 * the engine and the agent restart a container; `--rm` goes before either. A label that says nothing known is none: the
 * endpoint refuses it (`restartLabelProblem`).
 */
export function restartPolicyOf(spec: DockerSpec): RestartPolicy | undefined {
  const { RestartPolicy, AutoRemove } = spec.HostConfig ?? {};
  if (AutoRemove === true) return undefined;
  if (typeof RestartPolicy === 'object' && RestartPolicy !== null && 'Name' in RestartPolicy) {
    const { Name, MaximumRetryCount } = RestartPolicy as { Name: unknown; MaximumRetryCount?: unknown };
    const most =
      typeof MaximumRetryCount === 'number' && MaximumRetryCount > 0 ? MaximumRetryCount : Infinity;
    if (Name === 'always' || Name === 'unless-stopped') return { by: 'engine', name: Name, most: Infinity };
    if (Name === 'on-failure') return { by: 'engine', name: Name, most };
  }
  const label = parsedLabel(spec.Labels?.[LABEL_RESTART] ?? 'no');
  return label === undefined || label === 'no' ? undefined : label;
}

/** True where nobody starts a container again that has ended by itself with that code. */
export function staysEnded(spec: DockerSpec, exitCode: number): boolean {
  const name = restartPolicyOf(spec)?.name;
  return name === undefined || (name === 'on-failure' && exitCode === 0);
}

/**
 * True where the engine has had all of the attempts of `--restart on-failure:N`: for as long as it has some left the container is
 * `restarting`. What the agent starts again it says itself, with its time.
 */
export function hasGivenUp(spec: DockerSpec, { status, exitCode }: EngineState): boolean {
  const { by, name, most } = restartPolicyOf(spec) ?? {};
  return (
    by === 'engine' && name === 'on-failure' && most !== Infinity && status === 'exited' && exitCode !== 0
  );
}

/** Docker's `--restart no` as its user wrote it, rather than nothing at all. */
export function saysNo({ HostConfig }: DockerSpec): boolean {
  return (HostConfig?.RestartPolicy as Readonly<{ Name?: unknown }> | null | undefined)?.Name === 'no';
}

/** What is wrong with the spec's `berth.restart` label, in one sentence; undefined where nothing is. */
export function restartLabelProblem(spec: DockerSpec): string | undefined {
  const value = spec.Labels?.[LABEL_RESTART];
  if (value === undefined) return undefined;
  const parsed = parsedLabel(value);
  if (parsed === undefined) {
    return `invalid label ${LABEL_RESTART}=${value.slice(0, 80)}: write always, unless-stopped, on-failure, on-failure:N or no`;
  }
  if (parsed !== 'no' && spec.HostConfig?.AutoRemove === true) {
    return `label ${LABEL_RESTART}=${value} and --rm exclude each other: leave one of them out`;
  }
  return undefined;
}

function parsedLabel(value: string): RestartPolicy | 'no' | undefined {
  if (value === 'no') return 'no';
  if (value === 'always' || value === 'unless-stopped') return { by: 'agent', name: value, most: Infinity };
  const [, count] = /^on-failure(?::([1-9]\d{0,8}))?$/.exec(value) ?? [undefined, '0'];
  if (count === '0') return undefined;
  return { by: 'agent', name: 'on-failure', most: count === undefined ? Infinity : Number(count) };
}
