import type { TestProject } from 'vitest/node';
import { downLab, ownName } from './lab.ts';
import { sharedLabName } from './shared.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What the names of the labs that the workers of this run share begin with: see `sharedLab`. */
    labs: string;
  }
}

/** Labs that the files of a worker share are made by the first that asks (`sharedLab`), and removed here. */
export default function setup(project: TestProject): () => Promise<void> {
  const labs = ownName();
  project.provide('labs', labs);
  return async () => {
    for (let worker = 1; worker <= project.config.maxWorkers; worker++)
      await downLab({ name: sharedLabName(labs, worker) });
  };
}
