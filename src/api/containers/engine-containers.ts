import type { LogItem } from '../../contract/v1/services.ts';
import type { Role } from '../../model/access.ts';
import type { EngineCall } from '../docker/call.ts';
import {
  containerPath,
  findContainer,
  reachable,
  rewriteFor,
  type Target,
} from '../docker/containers/find.ts';
import { inspectTarget } from '../docker/containers/inspect.ts';
import { isUp, reported } from '../docker/containers/live-state.ts';
import { removeTarget } from '../docker/containers/remove.ts';
import { restartTarget, startTarget, stopTarget } from '../docker/containers/run-target.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { askJson, enginePath } from '../docker/passthrough.ts';
import { servedVersions } from '../docker/version.ts';
import { readLog, textOf } from '../services/container-log.ts';
import type { ContainerHands, ContainerLogQuery } from '../v1/container-hands.ts';

/** An engine that says nothing is given up, milliseconds: stopping may take as long as its container wants. */
const ACT_MS = 15 * 60_000;
const READ_MS = 60_000;

/** Containers on their hosts, by the same ways as the Docker endpoint. */
export class EngineContainers implements ContainerHands {
  constructor(private readonly deps: DockerDeps) {}

  async inspect(ref: string, role: Role): Promise<Readonly<Record<string, unknown>>> {
    return inspectTarget({ ...this.call(READ_MS), principal: { role } }, this.reachable(ref));
  }

  async logs({
    container,
    follow,
    tail,
    since,
  }: ContainerLogQuery): Promise<(signal: AbortSignal) => AsyncIterable<LogItem>> {
    const target = this.reachable(container);
    const { service } = target.record ?? {};
    const source = {
      ...{ target, service: service?.name ?? '', raw: await this.hasTerminal(target), stream: undefined },
      startedAt: target.seen?.state.startedAt ?? 0,
    };
    const params = {
      ...(follow === true ? { follow: '1' } : {}),
      ...(tail === undefined ? {} : { tail: String(tail) }),
      ...(since === undefined ? {} : { since }),
    };
    const { deps } = this;
    return async function* (signal) {
      for await (const part of readLog(deps, source, params, signal)) yield textOf(part);
    };
  }

  async start(ref: string): Promise<void> {
    const target = this.reachable(ref);
    if (target.record === undefined) return this.tell(target, 'start', {}, isUp);
    await startTarget(this.call(ACT_MS), target);
  }

  async stop(ref: string, timeout: number | undefined): Promise<void> {
    const target = this.reachable(ref);
    if (target.record === undefined)
      return this.tell(target, 'stop', secondsOf(timeout), (status) => !isUp(status));
    await stopTarget(this.call(ACT_MS), target, timeout === undefined ? {} : { timeout });
  }

  async restart(ref: string, timeout: number | undefined): Promise<void> {
    const target = this.reachable(ref);
    if (target.record === undefined) return this.tell(target, 'restart', secondsOf(timeout), isUp);
    await restartTarget(this.call(ACT_MS), target, timeout === undefined ? {} : { timeout });
  }

  async remove(ref: string, options: Readonly<{ force: boolean; volumes: boolean }>): Promise<void> {
    await removeTarget(this.call(ACT_MS), this.find(ref), options);
  }

  /** One that Berth did not make: its engine is told, and its host's report waited for. */
  private async tell(
    target: Target,
    verb: 'start' | 'stop' | 'restart',
    params: Readonly<Record<string, string>>,
    met: Parameters<typeof reported>[2],
  ): Promise<void> {
    const call = this.call(ACT_MS);
    const path = enginePath(call, containerPath(target, `/${verb}`), new URLSearchParams(params));
    await askJson(call, target.hostId, { method: 'POST', path, signal: call.signal });
    await reported(call, target, met);
  }

  private async hasTerminal(target: Target): Promise<boolean> {
    if (target.record !== undefined) return target.record.desired.spec.Tty === true;
    const call = this.call(READ_MS);
    const path = enginePath(call, containerPath(target, '/json'));
    const request = { method: 'GET', path, signal: call.signal };
    const { Config } = await askJson<{ Config?: { Tty?: unknown } }>(
      call,
      target.hostId,
      request,
      rewriteFor(target),
    );
    return Config?.Tty === true;
  }

  private find(ref: string): Target {
    const { store, engines } = this.deps;
    return store.view((tx) => findContainer(tx, ref, (hostId) => engines.connected(hostId)));
  }

  private reachable(ref: string): Target {
    return reachable({ deps: this.deps }, ref);
  }

  private call(ms: number): EngineCall {
    const { deps } = this;
    return { deps, apiVersion: servedVersions(deps.store).api, signal: AbortSignal.timeout(ms) };
  }
}

function secondsOf(timeout: number | undefined): Readonly<Record<string, string>> {
  return timeout === undefined ? {} : { t: String(timeout) };
}
