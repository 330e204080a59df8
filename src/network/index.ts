export { run } from './commands.ts';
export type { HostNetwork, MembersChange, NetworkDriver } from './driver.ts';
export { DRIVERS } from './drivers.ts';
export type {
  BookedEndpoint,
  BookedNetwork,
  HostBook,
  Lease,
  PlainPool,
} from './libnetwork/host-book.ts';
export type { PluginServer } from './libnetwork/plugin-server.ts';
export { OPTION_NETWORK } from './libnetwork/requests.ts';
export { PLUGIN_FOLDER, serveDriver } from './libnetwork/serve-driver.ts';
export type { Seen } from './probe/look-sockets.ts';
export { PathProbe } from './probe/path-probe.ts';
export type { Tunnel } from './probe/plan.ts';
