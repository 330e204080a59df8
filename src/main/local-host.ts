import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../kit/clock.ts';
import { BerthError } from '../kit/errors.ts';
import { newShortId } from '../kit/ids.ts';
import {
  type AgentIdentity,
  type Ca,
  fingerprintOf,
  issueHostCertificate,
  loadAgentIdentity,
  newCsr,
  saveAgentIdentity,
} from '../link/index.ts';
import type { ReadTx, Store } from '../store/index.ts';
import type { DataDir } from './data-dir.ts';
import type { ManagerConfig } from './manager-config.ts';

/** The file that makes a machine a host of its cluster. */
export function identityFile(folder: string): string {
  return join(folder, 'identity.json');
}

/** True where the manager's machine is a host of its cluster already. */
export function isHost(dir: DataDir): boolean {
  return existsSync(identityFile(dir.agent));
}

type LocalHost = Readonly<{
  store: Store;
  ca: Ca;
  clusterId: string;
  dir: DataDir;
  config: ManagerConfig;
  /** @throws BerthError where its engine, which is a part of the ID, does not answer */
  machineId(): Promise<string>;
  clock: Clock;
}>;

/**
 * Makes the manager's own machine a host of its cluster, without a token: the manager vouches for itself. Does nothing
 * but follow the flags where it is one already.
 */
export async function ensureLocalHost(local: LocalHost): Promise<AgentIdentity> {
  const { store, ca, clusterId, dir, config, clock } = local;
  const file = identityFile(dir.agent);
  const known = await loadAgentIdentity(file);
  const managers = [managerAddress(config)];
  const record = known === undefined ? undefined : store.view((tx) => tx.get('hosts', known.hostId));
  if (known !== undefined && record?.certFingerprint === fingerprintOf(known.certificate)) {
    const machineId = await local.machineId().catch(() => record.machineId);
    if (record.name !== config.name || record.machineId !== machineId) {
      await store.update((tx) => {
        refuseTaken(tx, config.name, record.id);
        const now = tx.get('hosts', record.id) ?? record;
        tx.put('hosts', { ...now, name: config.name, machineId });
      });
    }
    const identity = { ...known, hostName: config.name, managers };
    await saveAgentIdentity(file, identity);
    return identity;
  }
  const machineId = await local.machineId();
  const hostId = newShortId();
  const { csr, key } = await newCsr(config.name);
  const now = clock.now();
  const certificate = await issueHostCertificate(ca, csr, hostId, now);
  const identity: AgentIdentity = {
    hostId,
    hostName: config.name,
    clusterId,
    key,
    certificate,
    ca: ca.certificate,
    managers,
  };
  // The file first: a record without the file would be a host that can never come.
  await saveAgentIdentity(file, identity);
  await store.update((tx) => {
    // What a run that was cut off here has left under this name.
    for (const stale of [...tx.by('hosts', 'name', config.name.toLowerCase())]) {
      if (stale.joinTokenId === '') tx.delete('hosts', stale.id);
    }
    refuseTaken(tx, config.name, hostId);
    tx.put('hosts', {
      kind: 'host',
      id: hostId,
      name: config.name,
      // What `node.role==manager` looks for.
      labels: { 'berth.role': 'manager', ...config.labels },
      cordoned: false,
      certFingerprint: fingerprintOf(certificate),
      machineId,
      joinedAt: now,
      joinTokenId: '',
    });
  });
  return identity;
}

/** @throws BerthError `conflict` */
function refuseTaken(tx: ReadTx, name: string, own: string): void {
  for (const other of tx.by('hosts', 'name', name.toLowerCase())) {
    if (other.id === own) continue;
    throw new BerthError('conflict', `a host of this cluster is called ${other.name} already`, {
      hint: 'give this machine another name with --name',
    });
  }
}

/** The agent port as seen from this machine. */
function managerAddress({ agentListen: { host, port } }: ManagerConfig): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`;
  if (host === '::') return `[::1]:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
