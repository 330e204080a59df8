import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { newLongId } from '../../../kit/ids.ts';
import type { ReadTx } from '../../../store/store.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall } from '../call.ts';
import { readBody, sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { checkDriver } from './drivers.ts';
import { hostName, splitNode } from './find-network.ts';
import { PREDEFINED } from './list.ts';

const strings = z.record(z.string(), z.string()).nullish();
const createSchema = z.looseObject({
  Name: z.string({ error: 'name the network' }),
  Driver: z.string().optional(),
  CheckDuplicate: z.boolean().optional(),
  Internal: z.boolean().nullish(),
  Attachable: z.boolean().nullish(),
  Ingress: z.boolean().nullish(),
  EnableIPv6: z.boolean().nullish(),
  IPAM: z
    .looseObject({
      Driver: z.string().nullish(),
      Config: z
        .array(z.looseObject({ Subnet: z.string().nullish(), Gateway: z.string().nullish() }))
        .nullish(),
      Options: strings,
    })
    .nullish(),
  Options: strings,
  Labels: strings,
});

/**
 * `POST /networks/create`. A network of the cluster gets a record, and a host with its first container; `node/name`
 * makes one on that host, which is the host's own from then on.
 */
export async function createNetwork(call: DockerCall): Promise<void> {
  const body = await readBody(call.req, createSchema);
  setAuditTarget(call, body.Name);
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
    sendJson(call.res, 201, answer);
    return;
  }
  refuseName(body.Name);
  // First without waiting for a plugin's look-up, then for good, in the transaction.
  store.view((tx) => refuseDuplicate(tx, body.Name));
  await checkDriver(call, body.Driver ?? '');
  const id = newLongId();
  await store.update((tx) => {
    refuseDuplicate(tx, body.Name);
    tx.put('networks', {
      kind: 'network',
      id,
      name: body.Name,
      createdAt: clock.now(),
      createdBy: call.principal.user,
      spec: body,
    });
  });
  sendJson(call.res, 201, { Id: id, Warning: '' });
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
  const hosts = [...tx.by('observedNetworks', 'name', name)].map(({ hostId }) => hostName(tx, hostId)).sort();
  if (hosts.length === 0) return;
  throw new BerthError('conflict', `network with name ${name} already exists on host ${hosts.join(', ')}`, {
    hint: `use it as "${hosts[0]}/${name}", or choose another name`,
  });
}
