import type { LocalCommands } from '../cli/local.ts';
import { dataDirAt } from './data-dir.ts';
import { readConfig } from './manager-config.ts';

/** What the command line does on this machine itself, on a manager's. Loaded when it is asked for: most commands ask a manager. */
export const localCommands: LocalCommands = {
  up: async (options, report) => (await import('./up.ts')).up(options, report),
  down: async (options, report) => {
    const { downAgent, isAgentDir } = await import('./agent-command.ts');
    if (isAgentDir(options.dataDir)) await downAgent(options, report);
    else await (await import('./down.ts')).down(options, report);
  },
  agent: async (options, report) => (await import('./agent-command.ts')).agent(options, report),
  dockerEndpoint: (dataDir) => {
    const socket = readConfig(dataDirAt(dataDir))?.socket;
    return socket === undefined ? undefined : `unix://${socket}`;
  },
};
