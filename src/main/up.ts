import { existsSync } from 'node:fs';
import { firstRun } from '../api/auth/first-run.ts';
import type { LocalReport, UpOptions, UpResult } from '../cli/local.ts';
import { newClient } from '../contract/client.ts';
import { systemClock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { newLogger } from '../kit/logger.ts';
import { openSqliteStore } from '../store/index.ts';
import { ensureAgentFile } from './agent-executable.ts';
import { openClusterVault } from './cluster-vault.ts';
import { startDaemon, untilSignal } from './daemon.ts';
import {
  type DataDir,
  DEFAULT_DATA_DIR,
  dataDirAt,
  MANAGER_WORDS,
  makeDataDir,
  runningPid,
  writeWhole,
} from './data-dir.ts';
import { runDemo } from './demo.ts';
import { ensureDockerContext } from './docker-context.ts';
import { engineAnswers, ensureEngine } from './docker-engine.ts';
import { groupId } from './group-id.ts';
import { heapFlags } from './heap-flags.ts';
import { tryAddress } from './listen.ts';
import { isHost } from './local-host.ts';
import { refuseLostDatabase } from './lost-database.ts';
import { startManager } from './manager.ts';
import {
  changedFlags,
  type ManagerConfig,
  readConfig,
  resolveConfig,
  restoreConfig,
  writeConfig,
} from './manager-config.ts';
import { pathOf } from './path.ts';
import { selfCommand } from './self.ts';
import { installUnit, renderUnit } from './service-unit.ts';

const READY_TIMEOUT = 60_000;
export const MANAGER_UNIT = 'berth';

type Report = LocalReport<UpResult>;

/** `berth up`: sees to it that the manager in the data directory runs. See `LocalCommands.up`. */
export async function up(options: UpOptions, report: Report): Promise<void> {
  const dir = dataDirAt(options.dataDir);
  makeDataDir(dir);
  const kept = readConfig(dir);
  let config = resolveConfig(options, kept, dir);
  if (config.socketGroup !== undefined) groupId(config.socketGroup);
  if (options.foreground) {
    await upInForeground(dir, config, options, report);
    return;
  }
  let adminPassword: string | undefined;
  let pid = (await serves(dir)) ? runningPid(dir.pidFile, MANAGER_WORDS) : undefined;
  if (pid !== undefined) {
    if (options.forgetSecrets) report.warn('--forget-secrets: it runs, so it can read all of its secrets');
    const changed = kept === undefined ? [] : changedFlags(config, kept);
    if (changed.length > 0) {
      report.warn(
        `it runs already with other settings (${changed.join(', ')}): "berth down", then this again takes the new ones`,
      );
    }
    config = kept ?? config;
  } else {
    await tryAddress('the agent port', '--agent-listen', config.agentListen);
    await tryAddress('the API', '--api-listen', config.apiListen);
    await tryAddress('the Docker endpoint', '--docker-listen', config.dockerListen);
    if (config.dnsListen !== undefined) await tryAddress('the name server', '--dns-listen', config.dnsListen);
    if (config.agent) await provideEngine(dir, config, options, report);
    adminPassword = await prepare(dir, config, options, report);
    report.step('starting the manager');
    const executable = ensureAgentFile(report.warn);
    const started = options.service ? startService(dir, options) : startDetached(dir);
    pid = await started.catch((thrown) => {
      restoreConfig(dir, kept);
      tellPassword(adminPassword, report);
      throw thrown;
    });
    await executable;
  }
  if (config.agent) await untilHostReady(dir, config.name, report);
  const dockerContext =
    options.dataDir === DEFAULT_DATA_DIR
      ? await ensureDockerContext(`unix://${config.socket}`, pathOf())
      : undefined;
  await tell(dir, config, options, report, { pid, adminPassword, dockerContext });
}

async function upInForeground(
  dir: DataDir,
  config: ManagerConfig,
  options: UpOptions,
  report: Report,
): Promise<void> {
  if (config.agent) await provideEngine(dir, config, options, report);
  const logger = newLogger(process.env.BERTH_LOG ?? 'info');
  const adminPassword = await prepare(dir, config, options, report);
  const manager = await startManager(dir, config, logger).catch((thrown) => {
    tellPassword(adminPassword, report);
    throw thrown;
  });
  const stopping = untilSignal();
  void ensureAgentFile((reason) => logger.warn({ reason }, 'hosts cannot join by the one line'));
  writeWhole(dir.pidFile, `${process.pid}\n`, 0o644);
  if (config.agent) await untilHostReady(dir, config.name, report);
  await tell(dir, config, options, report, { pid: process.pid, adminPassword, dockerContext: undefined });
  logger.info({ signal: await stopping }, 'stopping');
  await manager.close();
}

/** The user is made by then, and nothing but this process knows its password. */
function tellPassword(adminPassword: string | undefined, report: Report): void {
  if (adminPassword !== undefined)
    report.warn(`the first user is made already: admin, with the password ${adminPassword}`);
}

/** What must be there before the manager starts; the password is this process's to show, so it makes the first user. */
async function prepare(
  dir: DataDir,
  config: ManagerConfig,
  { forgetSecrets: forget }: UpOptions,
  report: Report,
): Promise<string | undefined> {
  refuseLostDatabase(dir);
  const store = openSqliteStore(dir.database);
  try {
    const now = systemClock.now();
    // First: where it refuses, the password of a first run would be lost.
    const { forgotten } = await openClusterVault(store, { folder: dir.pki, now, forget });
    if (forgotten.length > 0) report.warn(`forgotten, as nothing has their keys: ${forgotten.join(', ')}`);
    const { adminPassword } = await firstRun(store, now);
    writeConfig(dir, config);
    return adminPassword;
  } finally {
    await store.close();
  }
}

/** A cluster that is there already is not to be without its manager because one host, this one, has no engine. */
async function provideEngine(
  dir: DataDir,
  config: ManagerConfig,
  options: UpOptions,
  report: Report,
): Promise<void> {
  const provided = ensureEngine({
    url: config.engine,
    install: options.install,
    ping: () => engineAnswers(config.engine),
    say: report.step,
    path: pathOf(),
    logFile: `${dir.logs}/dockerd.log`,
    pidFile: dir.dockerdPidFile,
  });
  if (!isHost(dir)) return provided;
  const settled = provided.catch((thrown) =>
    report.warn(`this machine is no use as a host for now: ${messageOf(thrown)}`),
  );
  // An engine that starts waits for the agent, whose networks its containers are on: the agent must not wait for it.
  if (!options.foreground) await settled;
}

function foregroundCommand(dir: DataDir): string[] {
  const args = ['up', '--foreground', '--no-install', '--json', '--data-dir', dir.root];
  return selfCommand(args, heapFlags());
}

function startDetached(dir: DataDir): Promise<number> {
  return startDaemon({
    name: 'the manager',
    argv: foregroundCommand(dir),
    logFile: dir.managerLog,
    ready: () => serves(dir),
    timeoutMs: READY_TIMEOUT,
  });
}

async function startService(dir: DataDir, options: UpOptions): Promise<number> {
  if (!existsSync('/run/systemd/system')) {
    throw new BerthError('unsupported', '--service: systemd does not run on this machine', {
      hint: `leave --service out, and start "berth up${options.dataDir === DEFAULT_DATA_DIR ? '' : ` --data-dir ${options.dataDir}`}" at boot by what does`,
    });
  }
  await installUnit(MANAGER_UNIT, renderUnit('Berth: the manager', foregroundCommand(dir)));
  for (const until = Date.now() + READY_TIMEOUT; Date.now() < until; ) {
    const pid = (await serves(dir)) ? runningPid(dir.pidFile, MANAGER_WORDS) : undefined;
    if (pid !== undefined) return pid;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new BerthError('unavailable', 'the service was started but the manager does not answer', {
    hint: `look into "journalctl -u ${MANAGER_UNIT}"`,
  });
}

/** True while a manager answers on the data directory's socket. */
export async function serves(dir: DataDir): Promise<boolean> {
  if (!existsSync(dir.apiSocket)) return false;
  const client = newClient({ kind: 'unix', path: dir.apiSocket });
  try {
    await client.call('session.version', undefined, { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}

async function untilHostReady(dir: DataDir, name: string, report: Report): Promise<void> {
  const client = newClient({ kind: 'unix', path: dir.apiSocket });
  let last = '';
  try {
    for (const until = Date.now() + READY_TIMEOUT; Date.now() < until; ) {
      const { state, reason } = await client.call('node.get', { node: name });
      if (state === 'ready') return;
      last = reason;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await client.close();
  }
  report.warn(`the manager runs, but this machine is not ready as a host yet: ${last}`);
}

type Known = Readonly<{
  pid: number;
  adminPassword: string | undefined;
  dockerContext: string | undefined;
}>;

/** The sample, where it was asked for, then the result; the password is told even where the sample fails. */
async function tell(
  dir: DataDir,
  config: ManagerConfig,
  options: UpOptions,
  report: Report,
  known: Known,
): Promise<void> {
  let demoUrl: string | undefined;
  try {
    if (options.demo) demoUrl = await runDemo({ config, report, install: options.install });
  } finally {
    report.ready(resultOf(dir, config, { ...known, demoUrl }));
  }
}

function resultOf(
  dir: DataDir,
  config: ManagerConfig,
  { pid, adminPassword, dockerContext, demoUrl }: Known & Readonly<{ demoUrl: string | undefined }>,
): UpResult {
  const at = (port: number) =>
    config.advertise.includes(':') ? `[${config.advertise}]:${port}` : `${config.advertise}:${port}`;
  return {
    endpoint: `unix://${config.socket}`,
    dockerTls: `tcp://${at(config.dockerListen.port)}`,
    api: `https://${at(config.apiListen.port)}`,
    agentAddress: at(config.agentListen.port),
    dataDir: dir.root,
    pid,
    ...(dockerContext === undefined ? {} : { dockerContext }),
    ...(adminPassword === undefined ? {} : { adminPassword }),
    ...(demoUrl === undefined ? {} : { demoUrl }),
  };
}
