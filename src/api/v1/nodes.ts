import type { nodeRoutes } from '../../contract/v1/nodes.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Container } from '../../model/container.ts';
import type { Host } from '../../model/host.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import { endContainer } from '../networks/give-back.ts';
import { leaveBehind } from '../networks/leave-behind.ts';
import { forgetPlainDocker } from '../networks/plain-docker.ts';
import { findNode } from './find-node.ts';
import type { Handlers } from './handler.ts';
import { nodeList, nodeView } from './node-view.ts';

/** How many names an error lists before it says "and n more". */
const NAMED = 5;
const MAX_LABELS = 1000;

export const nodeHandlers: Handlers<keyof typeof nodeRoutes> = {
  'node.list': ({ deps }) => deps.store.view((tx) => ({ nodes: nodeList(tx) })),

  'node.get': ({ deps, params }) => deps.store.view((tx) => nodeView(tx, findNode(tx, params.node))),

  'node.label': ({ deps, params, body }) =>
    changeHost(deps.store, params.node, (host) => {
      if (body.was !== undefined)
        refuseChanged(host, body.was, [...Object.keys(body.add ?? {}), ...(body.remove ?? [])]);
      const labels = { ...host.labels };
      for (const key of body.remove ?? []) delete labels[key];
      Object.assign(labels, body.add);
      const count = Object.keys(labels).length;
      if (count > MAX_LABELS) {
        throw new BerthError(
          'bad_request',
          `host ${host.name} would have ${count} labels; ${MAX_LABELS} are allowed`,
          { hint: 'remove some in the same call' },
        );
      }
      return { ...host, labels };
    }),

  'node.cordon': ({ deps, params }) =>
    changeHost(deps.store, params.node, (host) => ({ ...host, cordoned: true })),
  'node.uncordon': ({ deps, params }) =>
    changeHost(deps.store, params.node, (host) => ({ ...host, cordoned: false, drained: false })),

  'node.delete': ({ deps, params, query, about }) =>
    deps.store.update((tx) => {
      const host = findNode(tx, params.node);
      about(host.name);
      const containers = [...tx.by('containers', 'host', host.id)];
      const volumes = [...tx.by('volumes', 'host', host.id)];
      if (query.force !== true && containers.length + volumes.length > 0) {
        throw stillInUse(
          host,
          containers.map((one) => one.name),
          volumes.map((one) => one.name),
        );
      }
      const addresses = leaveBehind(tx, host);
      const lost = {
        containers: containers.map((one) => lostContainer(tx, one)),
        volumes: volumes.map((one) => one.name),
        ...(addresses.length === 0 ? {} : { addresses: [...addresses] }),
      };
      removeHost(tx, host, deps.clock.now());
      return { id: host.id, name: host.name, lost };
    }),
};

async function changeHost(store: Store, ref: string, change: (host: Host) => Host) {
  const id = await store.update((tx) => {
    const host = findNode(tx, ref);
    tx.put('hosts', change(host));
    return host.id;
  });
  return store.view((tx) => nodeView(tx, findNode(tx, id)));
}

/** @throws BerthError `conflict` where one of the labels is not what it was */
function refuseChanged(host: Host, was: Host['labels'], keys: readonly string[]): void {
  const text = (labels: Host['labels'], key: string) =>
    Object.hasOwn(labels, key) ? `"${labels[key]}"` : 'not there';
  const names = keys
    .filter((key) => text(host.labels, key) !== text(was, key))
    .map((key) => `${key} is ${text(host.labels, key)} now and was ${text(was, key)}`);
  if (names.length === 0) return;
  throw new BerthError(
    'conflict',
    `labels of host ${host.name} have changed meanwhile: ${names.join(', ')}`,
    {
      hint: 'look at them again, then change them',
    },
  );
}

function stillInUse(host: Host, containers: readonly string[], volumes: readonly string[]): BerthError {
  const parts = [named('container', containers), named('volume', volumes)].filter((part) => part !== '');
  return new BerthError('conflict', `host ${host.name} still has ${parts.join(' and ')}`, {
    hint: `remove them first, or take the host away with --force: the cluster then loses them`,
  });
}

/** `2 containers (a, b)`; empty for none. */
function named(noun: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.length} ${noun}${names.length === 1 ? '' : 's'} (${names.slice(0, NAMED).join(', ')}${more})`;
}

function lostContainer(tx: ReadTx, container: Container) {
  const [seen] = tx.by('observedContainers', 'clusterId', container.id);
  return {
    id: container.id,
    name: container.name,
    image: container.desired.spec.Image,
    state: seen?.state.status ?? 'pending',
  };
}

/**
 * Takes the host and all that is known of it out of the cluster. Its certificate is refused from then on, since no host
 * has its fingerprint; the engine and what runs on it are left as they are.
 */
function removeHost(tx: WriteTx, host: Host, now: number): void {
  for (const container of [...tx.by('containers', 'host', host.id)]) endContainer(tx, container.id, now);
  forgetPlainDocker(tx, host.id, now);
  for (const { id } of [...tx.by('orphans', 'host', host.id)]) tx.delete('orphans', `${host.id}/${id}`);
  for (const volume of [...tx.by('volumes', 'host', host.id)]) tx.delete('volumes', volume.name);
  // A network holds no data: the next container that uses it makes it anew, on its own host.
  for (const network of [...tx.by('networks', 'host', host.id)]) {
    tx.put('networks', { ...network, hostId: undefined });
  }
  for (const seen of [...tx.by('observedContainers', 'host', host.id)])
    tx.delete('observedContainers', `${host.id}/${seen.engineId}`);
  for (const seen of [...tx.by('observedImages', 'host', host.id)])
    tx.delete('observedImages', `${host.id}/${seen.imageId}`);
  for (const seen of [...tx.by('observedNetworks', 'host', host.id)])
    tx.delete('observedNetworks', `${host.id}/${seen.networkId}`);
  for (const seen of [...tx.by('observedVolumes', 'host', host.id)])
    tx.delete('observedVolumes', `${host.id}/${seen.name}`);
  tx.delete('hostStatus', host.id);
  tx.delete('hostPaths', host.id);
  tx.delete('hostRouters', host.id);
  tx.delete('plainRefusals', host.id);
  tx.delete('hostTrust', host.id);
  tx.delete('hostFailovers', host.id);
  tx.delete('hosts', host.id);
}
