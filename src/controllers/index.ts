export { NodeFailover } from './loops/node-failover.ts';
