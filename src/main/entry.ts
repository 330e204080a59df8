import { runEntry } from './run-entry.ts';

await runEntry(async () => {
  const { localCommands: local } = await import('./local-commands.ts');
  const { placementProblem } = await import('../scheduler/placement-problem.ts');
  return { local, placementProblem };
});
