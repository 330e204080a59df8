export { type Agent, type AgentLink, type AgentOptions, startAgent } from './agent.ts';
export { askMachineId } from './machine-id.ts';
export { HostNetworks, type NetworkOptions } from './networks/host-networks.ts';
