import type { DockerRoute } from '../call.ts';
import { createService, removeService, updateService } from './change.ts';
import { inspectService, inspectTask, listServices, listTasks } from './lists.ts';
import { serviceLogs, taskLogs } from './logs.ts';
import { inspectNode, listNodes, removeNode, updateNode } from './nodes.ts';
import { inspectSwarm, refused } from './swarm.ts';

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

const CLUSTER = 'Berth is the cluster, and does not use Docker’s swarm mode';
const JOIN = '"berth token create" makes a token with which a host joins';

/** What of Docker's swarm mode is known, and never done. */
const REFUSED: readonly DockerRoute[] = [
  change('/swarm/init', 'swarm.init', refused(CLUSTER, JOIN)),
  change('/swarm/join', 'swarm.join', refused(CLUSTER, JOIN)),
  change('/swarm/leave', 'swarm.leave', refused(CLUSTER, '"berth node rm" takes a host out of it')),
  change(
    '/swarm/update',
    'swarm.update',
    refused(CLUSTER, '"berth settings set" changes the cluster’s settings'),
  ),
  change('/swarm/unlock', 'swarm.unlock', refused(CLUSTER, 'there is nothing to unlock')),
];

/** Services, tasks and nodes, as Docker's clients know them from its swarm mode. */
export const SERVICE_ROUTES: readonly DockerRoute[] = [
  read('/services', listServices),
  change('/services/create', 'service.create', createService),
  read('/services/:id', inspectService),
  change('/services/:id/update', 'service.update', updateService),
  { ...change('/services/:id', 'service.remove', removeService), method: 'DELETE' },
  read('/services/:id/logs', serviceLogs),
  read('/tasks', listTasks),
  read('/tasks/:id', inspectTask),
  read('/tasks/:id/logs', taskLogs),
  read('/nodes', listNodes),
  read('/nodes/:id', inspectNode),
  // As in the API: hosts are an admin's.
  { ...change('/nodes/:id/update', 'node.update', updateNode), role: 'admin' },
  { ...change('/nodes/:id', 'node.delete', removeNode), method: 'DELETE', role: 'admin' },
  read('/swarm', inspectSwarm),
  ...REFUSED,
];
