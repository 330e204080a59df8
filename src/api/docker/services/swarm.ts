import { BerthError } from '../../../kit/errors.ts';
import type { ReadTx } from '../../../store/store.ts';
import { SETTINGS_KEY } from '../../../store/tables.ts';
import type { DockerCall } from '../call.ts';
import { readJson, sendJson } from '../json.ts';
import type { Json } from './spec/part.ts';

/** The cluster in Docker's words; what is Docker's alone is 0 or empty. */
function clusterView(tx: ReadTx): Json {
  const never = new Date(0).toISOString();
  return {
    ID: tx.get('settings', SETTINGS_KEY)?.clusterId ?? '',
    Version: { Index: 1 },
    CreatedAt: never,
    UpdatedAt: never,
    Spec: {
      Name: 'default',
      Labels: {},
      Orchestration: { TaskHistoryRetentionLimit: 0 },
      Raft: {
        SnapshotInterval: 0,
        KeepOldSnapshots: 0,
        LogEntriesForSlowFollowers: 0,
        ElectionTick: 0,
        HeartbeatTick: 0,
      },
      Dispatcher: { HeartbeatPeriod: 0 },
      CAConfig: { NodeCertExpiry: 0 },
      TaskDefaults: {},
      EncryptionConfig: { AutoLockManagers: false },
    },
    TLSInfo: {},
    RootRotationInProgress: false,
    DefaultAddrPool: [],
    SubnetSize: 0,
    DataPathPort: 0,
  };
}

/**
 * `Swarm` of `GET /info`: one that this endpoint controls, so that clients offer their commands for services. No host is
 * the one that the client speaks with.
 * @param client the `User-Agent`: docker-compose 1 takes an active swarm for a reason to warn at each `up` that all
 *   containers go to one host, which is not so here
 */
export function swarmInfo(tx: ReadTx, client: string): Json {
  return {
    NodeID: '',
    NodeAddr: '',
    LocalNodeState: client.startsWith('docker-compose/1.') ? 'inactive' : 'active',
    ControlAvailable: true,
    Error: '',
    RemoteManagers: null,
    Nodes: tx.count('hosts'),
    Managers: 1,
    Cluster: clusterView(tx),
  };
}

/** `GET /swarm`. Whoever asks for a token of Docker's is told where Berth's come from. */
export async function inspectSwarm({ deps, res }: DockerCall): Promise<void> {
  const told = 'none-of-Docker:_"berth_token_create"_makes_one';
  const JoinTokens = { Worker: told, Manager: told };
  sendJson(
    res,
    200,
    deps.store.view((tx) => ({ ...clusterView(tx), JoinTokens })),
  );
}

/** For what belongs to Docker's own swarm mode: refused, with what to do instead. */
export function refused(what: string, hint: string) {
  return async ({ req }: DockerCall): Promise<void> => {
    await readJson(req);
    throw new BerthError('unsupported', what, { hint });
  };
}
