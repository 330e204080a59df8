import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../../../model/labels.ts';
import type { Network } from '../../../model/objects.ts';
import { SETTINGS_KEY } from '../../../store/tables.ts';
import { isSpanning } from '../../networks/spanning.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { noSuchContainer, reachable, rewriteFor, type Target } from '../containers/find.ts';
import { readBody, sendNothing } from '../json.ts';
import { ask, askJson, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { connectSpanning, disconnectSpanning } from './connect-spanning.ts';
import { type FoundNetwork, findNetwork, hostName, seenOf, shownName } from './find-network.ts';

const connectSchema = z.looseObject({
  Container: z.string({ error: 'name the container' }).min(1, 'name the container'),
  EndpointConfig: z.looseObject({}).nullish(),
});
const disconnectSchema = z.looseObject({
  Container: z.string({ error: 'name the container' }).min(1, 'name the container'),
  Force: z.boolean().nullish(),
});

/** `POST /networks/<id>/connect`. */
export async function connect(call: DockerCall): Promise<void> {
  await join(call, call.params.id ?? '', await readBody(call.req, connectSchema));
  sendNothing(call.res, 200);
}

/** `POST /networks/<id>/disconnect`. */
export async function disconnect(call: DockerCall): Promise<void> {
  await leave(call, call.params.id ?? '', await readBody(call.req, disconnectSchema));
  sendNothing(call.res, 200);
}

/** Puts a container on a network; one that is nowhere yet goes to the container's host, and stays there. */
export async function join(
  call: EngineCall,
  network: string,
  body: z.infer<typeof connectSchema>,
): Promise<void> {
  const { found, target } = both(call, network, body.Container);
  if (found.kind === 'cluster' && isSpanning(found.record)) {
    await connectSpanning(call, found.record, target, body.EndpointConfig ?? {});
    return;
  }
  const engineNetwork = await onHostOf(call, found, target);
  await askEngine(call, target, engineNetwork, 'connect', { ...body, Container: target.engineRef });
}

/** Takes a container off a network. */
export async function leave(
  call: EngineCall,
  network: string,
  body: z.infer<typeof disconnectSchema>,
): Promise<void> {
  const { found, target } = both(call, network, body.Container);
  if (found.kind === 'cluster' && isSpanning(found.record)) {
    await disconnectSpanning(call, found.record, target);
    return;
  }
  const { seen } = found;
  if (seen?.hostId !== target.hostId) {
    const name = call.deps.store.view((tx) => shownName(tx, found));
    throw new BerthError('not_found', `container ${target.name} is not connected to network ${name}`);
  }
  await askEngine(call, target, seen.networkId, 'disconnect', { ...body, Container: target.engineRef });
}

function both(
  call: EngineCall,
  network: string,
  container: string,
): Readonly<{ found: FoundNetwork; target: Target }> {
  const target = reachable(call, container);
  if (target.record?.desired.state === 'removed') throw noSuchContainer(container);
  const found = call.deps.store.view((tx) => findNetwork(tx, network, target.hostId));
  return { found, target };
}

async function askEngine(
  call: EngineCall,
  target: Target,
  network: string,
  verb: 'connect' | 'disconnect',
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const request = {
    method: 'POST',
    path: enginePath(call, `/networks/${encodeURIComponent(network)}/${verb}`),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: call.signal,
  };
  const answer = await ask(call, target.hostId, request, rewriteFor(target));
  answer.body.resume();
}

/**
 * The engine's ID of the network on the container's host; a network that is nowhere is placed and made there.
 * @throws BerthError `conflict` where the network is held to another host
 */
async function onHostOf(call: EngineCall, found: FoundNetwork, target: Target): Promise<string> {
  if (found.seen?.hostId === target.hostId) return found.seen.networkId;
  if (found.kind === 'host') throw elsewhere(call, found, found.hostId, target);
  const { store } = call.deps;
  const { placed, record } = await store.update((tx) => {
    const now = tx.get('networks', found.record.id);
    if (now === undefined) throw new BerthError('not_found', `network ${found.record.name} not found`);
    if (now.hostId !== undefined && now.hostId !== target.hostId)
      throw elsewhere(call, found, now.hostId, target);
    const here = { ...now, hostId: target.hostId };
    if (now.hostId === undefined) tx.put('networks', here);
    return { placed: now.hostId === undefined, record: here };
  });
  try {
    return await makeOnHost(call, record, target.hostId);
  } catch (thrown) {
    // What could not be made there does not hold anything to that host.
    if (placed) {
      await store.update((tx) => {
        const now = tx.get('networks', record.id);
        if (now !== undefined && seenOf(tx, now) === undefined)
          tx.put('networks', { ...now, hostId: undefined });
      });
    }
    throw thrown;
  }
}

/** Makes the network on a host as the agent does it for a container's sake. */
async function makeOnHost(call: EngineCall, record: Network, hostId: string): Promise<string> {
  const clusterId = call.deps.store.view((tx) => tx.get('settings', SETTINGS_KEY)?.clusterId ?? '');
  const labels = record.spec.Labels;
  const answer = await askJson<{ Id: string }>(call, hostId, {
    method: 'POST',
    path: enginePath(call, '/networks/create'),
    json: {
      ...record.spec,
      Name: record.name,
      CheckDuplicate: true,
      Labels: {
        ...(typeof labels === 'object' ? labels : {}),
        [LABEL_ID]: record.id,
        [LABEL_CLUSTER]: clusterId,
      },
    },
    signal: call.signal,
  });
  await observe(call, [hostId], 'observedNetworks');
  return answer.Id;
}

function elsewhere(call: EngineCall, found: FoundNetwork, hostId: string, target: Target): BerthError {
  const { store } = call.deps;
  const [name, host] = store.view((tx) => [shownName(tx, found), hostName(tx, hostId)]);
  return new BerthError(
    'conflict',
    `network ${name} is on host ${host} and container ${target.name} is on host ${target.hostName}`,
    {
      hint: `a network with local scope reaches one host only: run the container on ${host}, with the constraint node==${host}`,
    },
  );
}
