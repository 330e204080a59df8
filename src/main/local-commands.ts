import type { LocalCommands } from '../cli/local.ts';
import { agent, downAgent, isAgentDir } from './agent-command.ts';
import { dataDirAt } from './data-dir.ts';
import { down } from './down.ts';
import { readConfig } from './manager-config.ts';
import { up } from './up.ts';

/** What the command line does on this machine itself, on a manager's. */
export const localCommands: LocalCommands = {
  up,
  down: (options, report) =>
    isAgentDir(options.dataDir) ? downAgent(options, report) : down(options, report),
  agent,
  dockerEndpoint: (dataDir) => {
    const socket = readConfig(dataDirAt(dataDir))?.socket;
    return socket === undefined ? undefined : `unix://${socket}`;
  },
};
