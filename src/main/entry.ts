import { placementProblem } from '../scheduler/placement-problem.ts';
import { localCommands } from './local-commands.ts';
import { runEntry } from './run-entry.ts';

await runEntry(localCommands, { placementProblem });
