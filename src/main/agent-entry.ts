import { BerthError } from '../kit/errors.ts';
import { runEntry } from './run-entry.ts';

/** The self-contained agent: the same command line, without what only a manager's machine can do. */
void runEntry(async () => {
  const { agent, downAgent } = await import('./agent-command.ts');
  return {
    local: {
      agent,
      down: downAgent,
      up: () => {
        throw new BerthError('unsupported', 'this is the agent: it cannot be a manager', {
          hint: 'take the whole program for that (./berth up)',
        });
      },
      dockerEndpoint: () => undefined,
    },
  };
});
