export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export type { AgentLink } from './conversation.ts';
export { folderAnswers } from './files/folder-answer.ts';
export { dropPlacedFiles, type FileOptions } from './files/host-files.ts';
export { putFileAnswers } from './files/put-file-answer.ts';
export type { LastFigures } from './loads/figure-reports.ts';
export { lookFrom } from './look/container-look.ts';
export { askMachineId } from './machine-id.ts';
export { HostNetworks, type NetworkOptions } from './networks/host-networks.ts';
