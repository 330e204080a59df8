import type { Readable } from 'node:stream';
import type { FolderListing, StoredFile } from '../../contract/container-files.ts';
import type { ContainerStats } from '../../contract/v1/containers.ts';
import type { LogItem } from '../../contract/v1/services.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Agents } from '../../link/index.ts';
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
import { renameTarget } from '../docker/containers/rename-update.ts';
import {
  killTarget,
  pauseTarget,
  restartTarget,
  startTarget,
  stopTarget,
  unpauseTarget,
} from '../docker/containers/run-target.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { askJson, enginePath } from '../docker/passthrough.ts';
import { servedVersions } from '../docker/version.ts';
import { readLog, textOf } from '../services/container-log.ts';
import { StackLogs } from '../services/stack-logs.ts';
import type {
  ContainerDownload,
  ContainerHands,
  ContainerLogQuery,
  FilePlace,
  MergedLogQuery,
  TerminalProcess,
  TerminalQuery,
} from '../v1/container-hands.ts';
import { downloadOf, fetchDownload, filesIn, putFileIn } from './container-files.ts';
import { openTerminal } from './open-terminal.ts';
import { readStats } from './read-stats.ts';

/** An engine that says nothing is given up, milliseconds: stopping may take as long as its container wants. */
const ACT_MS = 15 * 60_000;
const READ_MS = 60_000;

/** Containers on their hosts, by the same ways as the Docker endpoint. */
export class EngineContainers implements ContainerHands {
  constructor(
    private readonly deps: DockerDeps,
    private readonly agents: Agents,
  ) {}

  async inspect(ref: string, role: Role): Promise<Readonly<Record<string, unknown>>> {
    return inspectTarget({ ...this.call(READ_MS), principal: { role } }, this.reachable(ref));
  }

  async logs({
    container,
    follow,
    tail,
    since,
    until,
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
      ...(until === undefined ? {} : { until }),
    };
    const { deps } = this;
    return async function* (signal) {
      for await (const part of readLog(deps, source, params, signal)) yield textOf(part);
    };
  }

  async mergedLogs({ containers, ...query }: MergedLogQuery) {
    const raw = new Map<string, boolean>();
    await Promise.all(
      containers.map(async (ref) => {
        const target = this.find(ref);
        // Of one on a lost host there are no lines, and a note says so.
        if (!this.deps.engines.connected(target.hostId)) raw.set(target.id, false);
        else raw.set(target.id, await this.hasTerminal(target));
      }),
    );
    const logs = new StackLogs(this.deps);
    return (signal: AbortSignal) => logs.readThese(raw, query, signal);
  }

  terminalTarget(ref: string): string {
    return this.running(ref).name;
  }

  terminal({ container, ...query }: TerminalQuery, signal: AbortSignal): Promise<TerminalProcess> {
    return openTerminal({ ...this.call(READ_MS), signal }, this.running(container), query);
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

  async files(ref: string, path: string): Promise<FolderListing> {
    return filesIn(this.call(READ_MS), this.agents, this.withRoot(ref), path);
  }

  async download(ref: string, path: string): Promise<ContainerDownload> {
    return downloadOf(this.call(READ_MS), this.reachable(ref), path);
  }

  async fetch(ref: string, download: ContainerDownload) {
    // For as long as it takes: who has asked reads it, or lets it go.
    const { signal } = new AbortController();
    return fetchDownload({ ...this.call(READ_MS), signal }, this.reachable(ref), download);
  }

  async upload(ref: string, place: FilePlace, sent: Readable, signal: AbortSignal): Promise<StoredFile> {
    return putFileIn(this.agents, this.withRoot(ref), place, sent, signal);
  }

  async kill(ref: string, signal: string | undefined): Promise<void> {
    await killTarget(this.call(ACT_MS), this.reachable(ref), signal);
  }

  async pause(ref: string): Promise<void> {
    const target = this.reachable(ref);
    if (target.record === undefined) return this.tell(target, 'pause', {}, (status) => status === 'paused');
    await pauseTarget(this.call(ACT_MS), target);
  }

  async unpause(ref: string): Promise<void> {
    const target = this.reachable(ref);
    if (target.record === undefined)
      return this.tell(target, 'unpause', {}, (status) => status === 'running');
    await unpauseTarget(this.call(ACT_MS), target);
  }

  async rename(ref: string, name: string): Promise<void> {
    await renameTarget(this.call(ACT_MS), this.reachable(ref), name);
  }

  async stats(ref: string): Promise<ContainerStats> {
    return readStats(this.call(READ_MS), this.running(ref));
  }

  async remove(ref: string, options: Readonly<{ force: boolean; volumes: boolean }>): Promise<void> {
    await removeTarget(this.call(ACT_MS), this.find(ref), options);
  }

  /** One that Berth did not make: its engine is told, and its host's report waited for. */
  private async tell(
    target: Target,
    verb: 'start' | 'stop' | 'restart' | 'pause' | 'unpause',
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

  /** One that has a process, by whose root its files are reached: it need not run at the moment. */
  private withRoot(ref: string): Target {
    const target = this.reachable(ref);
    const status = target.seen?.state.status ?? 'not made yet';
    if (status === 'running' || status === 'paused') return target;
    throw new BerthError('conflict', `container ${target.name} is ${status}: its folders cannot be reached`, {
      hint: 'start it first, or use "docker cp", which also reads and writes what does not run',
    });
  }

  private running(ref: string): Target {
    const target = this.reachable(ref);
    const status = target.seen?.state.status ?? 'not made yet';
    if (status === 'running') return target;
    throw new BerthError('conflict', `container ${target.name} is ${status}: nothing can be run in it`, {
      hint: status === 'paused' ? 'unpause it first' : 'start it first',
    });
  }

  private call(ms: number): EngineCall {
    const { deps } = this;
    return { deps, apiVersion: servedVersions(deps.store).api, signal: AbortSignal.timeout(ms) };
  }
}

function secondsOf(timeout: number | undefined): Readonly<Record<string, string>> {
  return timeout === undefined ? {} : { t: String(timeout) };
}
