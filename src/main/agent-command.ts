import { accessSync, constants, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  AGENT_DEFAULTS,
  type AgentOptions,
  type AgentResult,
  type DownOptions,
  type DownResult,
  type LocalReport,
} from '../cli/local.ts';
import { systemClock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { type Logger, newLogger } from '../kit/logger.ts';
import {
  type AgentIdentity,
  fingerprintOf,
  joinCluster,
  loadAgentIdentity,
  parseToken,
  saveAgentIdentity,
  VAULT_FILE,
} from '../link/index.ts';
import { startDaemon, stopProcess, untilSignal } from './daemon.ts';
import { AGENT_WORDS, cannotUse, makeFolder, removeEntries, runningPid, writeWhole } from './data-dir.ts';
import { engineAnswers, ensureEngine } from './docker-engine.ts';
import { machineIdOf } from './machine.ts';
import { addressSchema, ownName } from './manager-config.ts';
import { pathOf } from './path.ts';
import { purgeEngine } from './purge.ts';
import { runHost } from './run-host.ts';
import { selfCommand } from './self.ts';
import { installUnit, renderUnit, stopUnit, unitIsFor } from './service-unit.ts';

const AGENT_UNIT = 'berth-agent';
const READY_TIMEOUT = 30_000;
const PATIENCE_MS = 15_000;

const configSchema = z.object({
  engine: z.string(),
  dataAddr: z.string().optional(),
  vlanUplink: z.string().optional(),
  metricsListen: addressSchema.optional(),
});
type AgentConfig = Readonly<z.infer<typeof configSchema>>;

type Files = Readonly<{
  root: string;
  identity: string;
  config: string;
  pid: string;
  ready: string;
  log: string;
  dockerdLog: string;
  dockerdPid: string;
}>;

function filesIn(root: string): Files {
  return {
    root,
    identity: join(root, 'identity.json'),
    config: join(root, 'agent.json'),
    pid: join(root, 'agent.pid'),
    /** Written once the manager has let this agent in; holds its process ID. */
    ready: join(root, 'agent.ready'),
    log: join(root, 'agent.log'),
    dockerdLog: join(root, 'dockerd.log'),
    dockerdPid: join(root, 'dockerd.pid'),
  };
}

/** All that lies directly in an agent's data directory. */
const ENTRIES: ReadonlySet<string> = new Set([
  ...['identity.json', 'agent.json', 'agent.json.new', 'agent.pid', 'agent.pid.new', 'agent.ready'],
  ...[
    'agent.ready.new',
    'agent.log',
    'dockerd.log',
    'dockerd.pid',
    'dockerd.pid.new',
    'assignments',
    'networks',
    'router',
    'files',
    VAULT_FILE,
    `${VAULT_FILE}.unreadable`,
  ],
]);

/** True where the folder is that of an agent which has joined some machine's cluster. */
export function isAgentDir(root: string): boolean {
  return existsSync(filesIn(root).identity);
}

/** `berth agent`: joins this machine, or starts its agent again. See `LocalCommands.agent`. */
export async function agent(options: AgentOptions, report: LocalReport<AgentResult>): Promise<void> {
  const files = filesIn(options.dataDir);
  try {
    makeFolder(files.root, 0o700);
    accessSync(files.root, constants.R_OK | constants.W_OK);
  } catch (thrown) {
    throw cannotUse(files.root, thrown);
  }
  const config = resolveConfig(options, files);
  const engine = ensureEngine({
    url: config.engine,
    install: true,
    ping: () => engineAnswers(config.engine),
    say: report.step,
    path: pathOf(),
    logFile: files.dockerdLog,
    pidFile: files.dockerdPid,
  });
  // An engine that starts waits for the agent, whose networks its containers are on: the agent must not wait for it.
  if (options.foreground && isAgentDir(files.root))
    engine.catch((thrown) => report.warn(`this machine is no use as a host for now: ${messageOf(thrown)}`));
  else await engine;
  const identity = await identityOf(options, config, files, report);
  writeChanged(files.config, `${JSON.stringify(config, undefined, 2)}\n`);
  const result = (pid: number): AgentResult => ({
    hostId: identity.hostId,
    hostName: identity.hostName,
    manager: identity.managers.join(', '),
    dataDir: files.root,
    pid,
  });
  if (options.foreground) {
    await inForeground(identity, config, files, () => report.ready(result(process.pid)));
    return;
  }
  const running = runningPid(files.pid, AGENT_WORDS);
  if (running !== undefined) {
    report.ready(result(running));
    return;
  }
  const argv = selfCommand(['agent', '--foreground', '--data-dir', files.root]);
  rmSync(files.ready, { force: true });
  report.step('starting the agent');
  if (options.service) {
    await installUnit(AGENT_UNIT, renderUnit('Berth: the agent of this host', argv));
    await untilReady(files);
    report.ready(result(readyPid(files)));
    return;
  }
  report.ready(
    result(
      await startDaemon({
        name: 'the agent',
        argv,
        logFile: files.log,
        ready: async () => readyPid(files) !== 0,
        timeoutMs: READY_TIMEOUT,
      }),
    ),
  );
}

async function inForeground(
  identity: AgentIdentity,
  config: AgentConfig,
  files: Files,
  onReady: () => void,
): Promise<void> {
  const logger = newLogger(process.env.BERTH_LOG ?? 'info');
  const other = runningPid(files.pid, AGENT_WORDS);
  if (other !== undefined && other !== process.pid) {
    throw new BerthError('conflict', `an agent runs in ${files.root} already (pid ${other})`, {
      hint: 'end it first: "berth down" with the same --data-dir',
    });
  }
  const stopping = untilSignal();
  rmSync(files.ready, { force: true });
  notePid(files.pid, logger);
  const host = await runHost({
    identity,
    engineUrl: config.engine,
    dataAddress: config.dataAddr,
    vlanUplink: config.vlanUplink,
    metricsListen: config.metricsListen,
    folder: files.root,
    logger,
    onConnected: () => {
      if (readyPid(files) === process.pid) return;
      notePid(files.ready, logger);
      onReady();
    },
  });
  const refused = await Promise.race([stopping.then(() => undefined), host.refused]);
  logger.info('stopping');
  await host.close();
  if (refused !== undefined) throw new BerthError('conflict', refused);
}

/** An agent that starts again as it was must not need room on the disk. */
function writeChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  writeWhole(path, text);
}

/** A disk that is full keeps no agent from holding its host: without the file it is only not found by its pid. */
function notePid(path: string, logger: Logger): void {
  try {
    writeWhole(path, `${process.pid}\n`, 0o644);
  } catch (thrown) {
    logger.warn({ error: messageOf(thrown) }, 'process ID not written');
  }
}

async function identityOf(
  options: AgentOptions,
  config: AgentConfig,
  files: Files,
  report: LocalReport<AgentResult>,
): Promise<AgentIdentity> {
  const known = await loadAgentIdentity(files.identity);
  if (options.join === undefined) {
    if (known !== undefined) return known;
    throw new BerthError(
      'bad_request',
      `this machine has not joined a cluster: there is no identity in ${files.root}`,
      {
        hint: 'type the line that "berth token create" prints on the manager',
      },
    );
  }
  if (known !== undefined && parseToken(options.join).caHash === fingerprintOf(known.ca)) {
    report.warn(`this machine is host ${known.hostName} of that cluster already: the token is left as it is`);
    return known;
  }
  if (known !== undefined) {
    throw new BerthError(
      'conflict',
      `this machine is host ${known.hostName} of cluster ${known.clusterId} already`,
      {
        hint: `start it with "berth agent" (no --join); to join another cluster, first "berth down --purge --data-dir ${files.root}"`,
      },
    );
  }
  const { manager } = options;
  if (manager === undefined) throw new BerthError('bad_request', '--join needs --manager HOST:PORT');
  report.step(`joining the cluster at ${manager.host}:${manager.port}`);
  const identity = await joinCluster({
    managerUrl: manager.host.includes(':')
      ? `[${manager.host}]:${manager.port}`
      : `${manager.host}:${manager.port}`,
    token: options.join,
    name: options.name ?? ownName(),
    labels: options.labels,
    machineId: await machineIdOf(config.engine),
    now: systemClock.now(),
  });
  await saveAgentIdentity(files.identity, identity);
  return identity;
}

function resolveConfig(options: AgentOptions, files: Files): AgentConfig {
  const kept = readConfig(files);
  const dataAddr = options.dataAddr ?? kept?.dataAddr;
  const vlanUplink = options.vlanUplink ?? kept?.vlanUplink;
  const metricsListen = options.metricsListen ?? kept?.metricsListen;
  return {
    engine: options.engine ?? kept?.engine ?? AGENT_DEFAULTS.engine,
    ...(dataAddr === undefined ? {} : { dataAddr }),
    ...(vlanUplink === undefined ? {} : { vlanUplink }),
    ...(metricsListen === undefined || metricsListen === 'off' ? {} : { metricsListen }),
  };
}

function readConfig(files: Files): AgentConfig | undefined {
  try {
    return configSchema.parse(JSON.parse(readFileSync(files.config, 'utf8')));
  } catch {
    // Flags and defaults make it again: nothing in it is lost for good.
    return undefined;
  }
}

function readyPid(files: Files): number {
  return runningPid(files.ready, AGENT_WORDS) ?? 0;
}

async function untilReady(files: Files): Promise<void> {
  for (const until = Date.now() + READY_TIMEOUT; Date.now() < until; ) {
    if (readyPid(files) !== 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new BerthError('unavailable', 'the agent was started but the manager has not let it in', {
    hint: `look into "journalctl -u ${AGENT_UNIT}"`,
  });
}

/** `berth down` on a host that has joined: stops the agent, and with purge removes what the cluster has made here. */
export async function downAgent(options: DownOptions, report: LocalReport<DownResult>): Promise<void> {
  const files = filesIn(options.dataDir);
  const identity = await loadAgentIdentity(files.identity);
  const config = resolveConfig(NO_FLAGS, files);
  const pid = runningPid(files.pid, AGENT_WORDS);
  const ownUnit = unitIsFor(AGENT_UNIT, files.root);
  if (ownUnit) await stopUnit(AGENT_UNIT, options.purge);
  if (pid !== undefined) {
    report.step('stopping the agent');
    await stopProcess(pid, PATIENCE_MS);
  }
  const removed: string[] = ownUnit && options.purge ? [`service ${AGENT_UNIT}`] : [];
  if (options.purge && identity !== undefined) {
    report.step('removing what Berth has made on this machine');
    removed.push(
      ...(await purgeEngine({
        engine: config.engine,
        clusterId: identity.clusterId,
        host: { id: identity.hostId, folder: files.root },
        warn: report.warn,
      })),
    );
    const left = removeEntries(files.root, ENTRIES);
    if (left.length > 0) report.warn(`${files.root} is left with what is not Berth's: ${left.join(', ')}`);
    removed.push(files.root);
    report.warn(`the cluster still lists this host: on the manager, "berth node rm ${identity.hostName}"`);
  }
  report.ready({ stopped: pid !== undefined, removed });
}

const NO_FLAGS = { engine: undefined, dataAddr: undefined, vlanUplink: undefined } as AgentOptions;
