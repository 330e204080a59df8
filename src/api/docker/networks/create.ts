import { BerthError } from '../../../kit/errors.ts';
import { newLongId } from '../../../kit/ids.ts';
import type { ReadTx } from '../../../store/store.ts';
import { makeSpanning } from '../../networks/make-network.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { readBody, sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { type CreateNetworkBody, createSchema, spanRequestOf } from './create-body.ts';
import { checkDriver } from './drivers.ts';
import { hostName, isLeftOver, splitNode } from './find-network.ts';
import { PREDEFINED } from './list.ts';
import { spanDriverOf } from './span-driver.ts';

/** `POST /networks/create`. */
export async function createNetwork(call: DockerCall): Promise<void> {
  const body = await readBody(call.req, createSchema);
  setAuditTarget(call, body.Name);
  sendJson(call.res, 201, await addNetwork(call, body, call.principal.user));
}

/**
 * Makes a network. One of the cluster gets a record, and, unless it spans hosts, a host with its first container;
 * `node/name` makes one on that host, which is the host's own from then on. Returns the answer in Docker's words.
 */
export async function addNetwork(
  call: EngineCall,
  body: CreateNetworkBody,
  user: string,
): Promise<Readonly<Record<string, unknown>>> {
  if (PREDEFINED.has(body.Name)) {
    throw new BerthError('forbidden', `operation is not permitted on predefined ${body.Name} network`);
  }
  const { store, clock } = call.deps;
  const split = store.view((tx) => splitNode(tx, body.Name));
  if (split !== undefined) {
    const answer = await askJson<Record<string, unknown>>(call, split.hostId, {
      method: 'POST',
      path: enginePath(call, '/networks/create'),
      json: { ...body, Name: split.name, CheckDuplicate: true },
      signal: call.signal,
    });
    await observe(call, [split.hostId], 'observedNetworks');
    return answer;
  }
  refuseName(body.Name);
  // First without waiting for a plugin's look-up, then for good, in the transaction.
  const spans = store.view((tx) => {
    refuseDuplicate(tx, body.Name);
    return spanDriverOf(tx, body) !== undefined;
  });
  if (!spans) await checkDriver(call, body.Driver ?? '');
  const id = newLongId();
  await store.update((tx) => {
    refuseDuplicate(tx, body.Name);
    const made = { createdAt: clock.now(), createdBy: user };
    const base = { kind: 'network' as const, id, name: body.Name, ...made, spec: body };
    const driver = spanDriverOf(tx, body);
    if (driver === undefined) tx.put('networks', base);
    else makeSpanning(tx, driver, spanRequestOf(body, driver.name), base);
  });
  return { Id: id, Warning: '' };
}

function refuseName(name: string): void {
  if (name.trim() === '') throw new BerthError('bad_request', `invalid name: "${name}": name the network`);
  if (!name.includes('/')) return;
  const node = name.slice(0, name.indexOf('/'));
  throw new BerthError('bad_request', `invalid name: "${name}": no host is called "${node}"`, {
    hint: 'a network is made on a host by "node/name", and other names have no slash',
  });
}

/** Names are unique in the cluster, whether the client asks for it (`CheckDuplicate`) or not. */
function refuseDuplicate(tx: ReadTx, name: string): void {
  const [record] = tx.by('networks', 'name', name);
  if (record !== undefined) throw new BerthError('conflict', `network with name ${name} already exists`);
  const hosts = [...tx.by('observedNetworks', 'name', name)]
    .filter((seen) => !isLeftOver(tx, seen))
    .map(({ hostId }) => hostName(tx, hostId))
    .sort();
  if (hosts.length === 0) return;
  throw new BerthError('conflict', `network with name ${name} already exists on host ${hosts.join(', ')}`, {
    hint: `use it as "${hosts[0]}/${name}", or choose another name`,
  });
}
