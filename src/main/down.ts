import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DownOptions, DownResult, LocalReport } from '../cli/local.ts';
import { newClient } from '../contract/client.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { loadAgentIdentity } from '../link/index.ts';
import { openSqliteStore, SETTINGS_KEY, type Store } from '../store/index.ts';
import { stopProcess } from './daemon.ts';
import {
  type DataDir,
  DEFAULT_DATA_DIR,
  dataDirAt,
  ENGINE_WORDS,
  isDataDir,
  MANAGER_WORDS,
  removeDataDir,
  runningPid,
} from './data-dir.ts';
import { removeDockerContext } from './docker-context.ts';
import { identityFile } from './local-host.ts';
import { readConfig } from './manager-config.ts';
import { pathOf } from './path.ts';
import { containersLeft, purgeEngine } from './purge.ts';
import { stopUnit, unitIsFor } from './service-unit.ts';
import { MANAGER_UNIT } from './up.ts';

/** The manager ends its streams and writes what is due; more than this and something hangs. */
const PATIENCE_MS = 20_000;

/** `berth down` on a manager's machine. See `LocalCommands.down`. */
export async function down(options: DownOptions, report: LocalReport<DownResult>): Promise<void> {
  const dir = dataDirAt(options.dataDir);
  const config = readConfig(dir);
  const pid = runningPid(dir.pidFile, MANAGER_WORDS);
  if (options.purge && pid !== undefined) await warnOfOtherHosts(dir, config?.name ?? '', report.warn);
  const removeUnit = options.purge && unitIsFor(MANAGER_UNIT, dir.root);
  if (unitIsFor(MANAGER_UNIT, dir.root)) await stopUnit(MANAGER_UNIT, removeUnit);
  if (pid !== undefined) {
    report.step('stopping the manager');
    await stopProcess(pid, PATIENCE_MS);
  }
  const removed = removeUnit ? [`service ${MANAGER_UNIT}`] : [];
  if (options.purge && isDataDir(dir)) {
    const clusterId = await clusterOf(dir, report.warn);
    if (config?.agent === true && clusterId !== undefined) {
      report.step('removing what Berth has made on this machine');
      const identity = await loadAgentIdentity(identityFile(dir.agent));
      const host = identity === undefined ? undefined : { id: identity.hostId, folder: dir.agent };
      const { engine } = config;
      removed.push(...(await purgeEngine({ engine, clusterId, host, warn: report.warn })));
      removed.push(...(await stopOwnEngine(dir, config.engine, report)));
    }
    if (dir.root === DEFAULT_DATA_DIR && (await removeDockerContext(pathOf())))
      removed.push('docker context berth');
    removed.push(...removeFiles(dir, config?.socket, report.warn));
  }
  report.ready({ stopped: pid !== undefined, removed });
}

async function warnOfOtherHosts(dir: DataDir, ownName: string, warn: (line: string) => void): Promise<void> {
  const client = newClient({ kind: 'unix', path: dir.apiSocket });
  try {
    const { nodes } = await client.call('node.list');
    const others = nodes.filter(({ name }) => name !== ownName).map(({ name }) => name);
    if (others.length > 0) {
      warn(`only this machine is purged: on ${others.join(', ')} run "berth-agent down --purge" as well`);
    }
  } catch {
    // A manager that does not answer can still be stopped.
  } finally {
    await client.close();
  }
}

/** The cluster's ID; undefined where the first run never got so far, or the database is damaged. */
async function clusterOf(dir: DataDir, warn: (line: string) => void): Promise<string | undefined> {
  if (!existsSync(dir.database)) return undefined;
  let store: Store;
  try {
    store = openSqliteStore(dir.database);
  } catch (thrown) {
    // Still in use, or another user's: not to be removed.
    if (!(thrown instanceof BerthError) || thrown.code !== 'unavailable') throw thrown;
    warn(`what Berth has made on this machine's engine is left there: ${messageOf(thrown)}`);
    return undefined;
  }
  try {
    return store.view((tx) => tx.get('settings', SETTINGS_KEY)?.clusterId);
  } finally {
    await store.close();
  }
}

/** The engine that Berth itself has started goes too, unless somebody else's containers are on it. */
async function stopOwnEngine(
  dir: DataDir,
  engine: string,
  report: LocalReport<DownResult>,
): Promise<string[]> {
  const pid = runningPid(dir.dockerdPidFile, ENGINE_WORDS);
  if (pid === undefined) return [];
  const left = await containersLeft(engine);
  if (left !== 0) {
    report.warn(
      `the Docker Engine that Berth started (pid ${pid}) runs on: ${left ?? 'perhaps'} containers are not Berth's`,
    );
    return [];
  }
  await stopProcess(pid, PATIENCE_MS);
  return ['the Docker Engine that Berth had started'];
}

function removeFiles(dir: DataDir, socket: string | undefined, warn: (line: string) => void): string[] {
  if (socket !== undefined) rmSync(socket, { force: true });
  if (dir.root === DEFAULT_DATA_DIR) rmSync(dirname(dir.dockerSocket), { recursive: true, force: true });
  const left = removeDataDir(dir);
  if (left.length > 0) warn(`${dir.root} is left with what is not Berth's: ${left.join(', ')}`);
  return [dir.root];
}
