export { type Agent, type AgentLink, type AgentOptions, startAgent } from './agent.ts';
export { askMachineId } from './machine-id.ts';
