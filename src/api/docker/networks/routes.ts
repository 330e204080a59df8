import type { DockerRoute } from '../call.ts';
import { connect, disconnect } from './connect.ts';
import { createNetwork } from './create.ts';
import { inspectNetwork } from './inspect.ts';
import { networks } from './list.ts';
import { pruneNetworks, removeNetwork } from './remove.ts';

/** Networks. An ID may be `node/name`: it takes the rest of the path. */
export const NETWORK_ROUTES: readonly DockerRoute[] = [
  { method: 'GET', pattern: '/networks', role: 'viewer', handle: networks },
  {
    method: 'POST',
    pattern: '/networks/create',
    role: 'operator',
    action: 'network.create',
    handle: createNetwork,
  },
  {
    method: 'POST',
    pattern: '/networks/prune',
    role: 'operator',
    action: 'network.prune',
    handle: pruneNetworks,
  },
  { method: 'GET', pattern: '/networks/:id*', role: 'viewer', handle: inspectNetwork },
  {
    method: 'POST',
    pattern: '/networks/:id*/connect',
    role: 'operator',
    action: 'network.connect',
    handle: connect,
  },
  {
    method: 'POST',
    pattern: '/networks/:id*/disconnect',
    role: 'operator',
    action: 'network.disconnect',
    handle: disconnect,
  },
  {
    method: 'DELETE',
    pattern: '/networks/:id*',
    role: 'operator',
    action: 'network.remove',
    handle: removeNetwork,
  },
];
