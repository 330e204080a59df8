export { type Agent, type AgentLink, type AgentOptions, startAgent } from './agent.ts';
export { askMachineId, machineIdOf } from './machine-id.ts';
