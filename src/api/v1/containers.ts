import { type ContainerColumns, columnsOf } from '../../contract/v1/container-columns.ts';
import type { ContainerView, containerRoutes } from '../../contract/v1/containers.ts';
import { BerthError } from '../../kit/errors.ts';
import type { ReadTx, Store } from '../../store/store.ts';
import { findContainer } from '../docker/containers/find.ts';
import { changeTarget } from './change-target.ts';
import { recordView, seenView, viewsOfHost } from './container-view.ts';
import { findNode } from './find-node.ts';
import type { Handlers, LineSource } from './handler.ts';

/** Containers of a page, about. */
const PAGE = 1000;
/** Most containers whose logs are read in one. */
const MERGED = 50;

export const containerHandlers: Handlers<keyof typeof containerRoutes | 'container.columns'> = {
  'container.list': ({ deps, query: { node, limit = PAGE, cursor } }) =>
    deps.store.view((tx) =>
      node === undefined
        ? pageOf(tx, limit, cursor)
        : { containers: [...viewsOfHost(tx, findNode(tx, node).id)] },
    ),

  'container.columns': ({ deps }) => columnsOfAll(deps.store),

  'container.get': ({ deps, params, about }) =>
    deps.store.view((tx) => {
      // Whoever is given up is not looked for: it is shown until its record goes.
      const { record, seen, name } = findContainer(tx, params.container, () => true);
      about(name);
      if (record !== undefined) return recordView(tx, record);
      if (seen === undefined) throw new Error(`container ${name} is neither known nor seen`);
      return seenView(tx, seen);
    }),

  'container.inspect': ({ deps, params, principal }) =>
    deps.containers.inspect(params.container, principal.role),

  'container.logs': ({ deps, params, query }) =>
    deps.containers.logs({ container: params.container, ...query }),

  'container.logs.merged': ({ deps, query: { containers, ...query } }) => {
    const refs = [...new Set(containers.split(',').filter((ref) => ref !== ''))];
    if (refs.length === 0 || refs.length > MERGED)
      throw new BerthError(
        'bad_request',
        `${refs.length} containers are named: 1 to ${MERGED} can be read in one`,
      );
    return deps.containers.mergedLogs({ containers: refs, ...query });
  },

  'container.start': async ({ deps, params }) => {
    await deps.containers.start(params.container);
    return {};
  },
  'container.stop': async ({ deps, params, body }) => {
    await deps.containers.stop(params.container, body.timeout);
    return {};
  },
  'container.restart': async ({ deps, params, body }) => {
    await deps.containers.restart(params.container, body.timeout);
    return {};
  },
  'container.kill': async ({ deps, params, body }) => {
    await deps.containers.kill(params.container, body.signal);
    return {};
  },
  'container.pause': async ({ deps, params }) => {
    await deps.containers.pause(params.container);
    return {};
  },
  'container.unpause': async ({ deps, params }) => {
    await deps.containers.unpause(params.container);
    return {};
  },
  'container.rename': async ({ deps, params, body, about }) => {
    about(`${deps.store.view((tx) => changeTarget(tx, params))} ${body.name}`);
    await deps.containers.rename(params.container, body.name);
    return {};
  },
  'container.stats': ({ deps, params }) => deps.containers.stats(params.container),

  'container.remove': async ({ deps, params, query: { force = false, volumes = false } }) => {
    await deps.containers.remove(params.container, { force, volumes });
    return {};
  },
};

/** Between hosts others have their turn: all of them take a second where there are a hundred thousand. */
function columnsOfAll(store: Store): LineSource<ContainerColumns> {
  return async function* (signal) {
    const hosts = store.view((tx) => [...tx.all('hosts')]);
    for (const { id, name } of hosts) {
      if (signal.aborted) return;
      const views = store.view((tx) => [...viewsOfHost(tx, id)]);
      if (views.length > 0) yield columnsOf(id, name, views);
      await new Promise(setImmediate);
    }
  };
}

/** Whole hosts, in the order of their IDs, until there are as many as were asked for. */
function pageOf(
  tx: ReadTx,
  limit: number,
  cursor = '',
): Readonly<{ containers: ContainerView[]; next?: string }> {
  const ids = [...tx.all('hosts')].map(({ id }) => id).filter((id) => id > cursor);
  ids.sort();
  const containers: ContainerView[] = [];
  for (const [index, id] of ids.entries()) {
    containers.push(...viewsOfHost(tx, id));
    if (containers.length >= limit && index < ids.length - 1) return { containers, next: id };
  }
  return { containers };
}
