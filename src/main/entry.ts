import { expressionProblem } from '../scheduler/expression-problem.ts';
import { localCommands } from './local-commands.ts';
import { runEntry } from './run-entry.ts';

await runEntry(localCommands, { expressionProblem });
