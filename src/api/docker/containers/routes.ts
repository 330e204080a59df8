import type { DockerCall, DockerRoute } from '../call.ts';
import { readJson } from '../json.ts';
import { createContainer } from './create.ts';
import { createExec, inspectExec, resizeExec, startExecPlain, startExecUpgrade } from './exec.ts';
import { inspectContainer } from './inspect.ts';
import { listContainers } from './list.ts';
import { pruneContainers } from './prune.ts';
import { removeContainer } from './remove.ts';
import { renameContainer, updateContainer } from './rename-update.ts';
import {
  killContainer,
  pass,
  pauseContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from './run-state.ts';
import {
  attachPlain,
  attachUpgrade,
  attachWebSocket,
  commitContainer,
  containerStats,
  refusePlain,
} from './streams.ts';
import { waitContainer } from './wait.ts';

const read = (pattern: string, handle: DockerRoute['handle']): DockerRoute => ({
  method: 'GET',
  pattern,
  role: 'viewer',
  handle,
});

const change = (pattern: string, action: string, handle: DockerRoute['handle']): DockerRoute => ({
  method: 'POST',
  pattern,
  role: 'operator',
  action,
  handle,
});

/** For what takes no body: a valid one is ignored, as in Docker; one that is malformed or too large is refused. */
const bare = (pattern: string, action: string, handle: DockerRoute['handle']): DockerRoute =>
  change(pattern, action, async (call) => {
    await readJson(call.req);
    await handle(call);
  });

/** Goes to the container's engine as it is, bodies of any length both ways. */
const through = (rest: string) => (call: DockerCall) => pass(call, rest);

/** Containers and exec. `:id*`: a container may be called `node/name`. */
export const CONTAINER_ROUTES: readonly DockerRoute[] = [
  read('/containers/json', listContainers),
  change('/containers/create', 'container.create', createContainer),
  bare('/containers/prune', 'container.prune', pruneContainers),
  read('/containers/:id*/json', inspectContainer),
  read('/containers/:id*/top', through('/top')),
  read('/containers/:id*/logs', through('/logs')),
  read('/containers/:id*/stats', containerStats),
  read('/containers/:id*/changes', through('/changes')),
  // Files may hold secrets: reading them wants the role that may exec.
  { ...read('/containers/:id*/export', through('/export')), role: 'operator' },
  { ...read('/containers/:id*/archive', through('/archive')), role: 'operator' },
  { ...read('/containers/:id*/archive', through('/archive')), method: 'HEAD', role: 'operator' },
  { ...change('/containers/:id*/archive', 'container.copy', through('/archive')), method: 'PUT' },
  {
    ...read('/containers/:id*/attach/ws', refusePlain),
    ...{ role: 'operator', action: 'container.attach', upgrade: attachWebSocket },
  },
  { ...change('/containers/:id*/attach', 'container.attach', attachPlain), upgrade: attachUpgrade },
  bare('/containers/:id*/start', 'container.start', startContainer),
  bare('/containers/:id*/stop', 'container.stop', stopContainer),
  bare('/containers/:id*/restart', 'container.restart', restartContainer),
  bare('/containers/:id*/kill', 'container.kill', killContainer),
  bare('/containers/:id*/pause', 'container.pause', pauseContainer),
  bare('/containers/:id*/unpause', 'container.unpause', unpauseContainer),
  bare('/containers/:id*/rename', 'container.rename', renameContainer),
  change('/containers/:id*/update', 'container.update', updateContainer),
  { ...bare('/containers/:id*/resize', '', through('/resize')), action: undefined },
  { ...bare('/containers/:id*/wait', '', waitContainer), role: 'viewer', action: undefined },
  change('/containers/:id*/exec', 'container.exec', createExec),
  { ...bare('/containers/:id*', 'container.remove', removeContainer), method: 'DELETE' },
  change('/commit', 'container.commit', commitContainer),
  { ...change('/exec/:id/start', 'exec.start', startExecPlain), upgrade: startExecUpgrade },
  { ...bare('/exec/:id/resize', '', resizeExec), action: undefined },
  read('/exec/:id/json', inspectExec),
];
