import type { TestProject } from 'vitest/node';
import { ensureImage } from '../images/bake.ts';
import { downLab, ownName, startLab } from './lab.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Name and folder of the lab that the whole run shares: `openLab(inject('lab'))`. */
    lab: { name: string; dir: string };
  }
}

/** One lab of three hosts for the whole run, `busybox:latest` on each; a test that breaks hosts starts its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const name = ownName();
  const lab = await startLab({ name, hosts: 3 });
  await ensureImage('busybox', lab.endpoint);
  project.provide('lab', { name, dir: lab.plan.folder });
  return () => downLab({ name, dir: lab.plan.folder });
}
