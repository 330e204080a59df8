import { inject } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, openLab, startLab } from './lab.ts';
import { folderOf, readState } from './state.ts';

/** @param worker 1 and up. */
export function sharedLabName(run: string, worker: number): string {
  return `${run}w${worker}`;
}

/**
 * The lab of three hosts that the tests of a worker share, `busybox:latest` on each host, made for the first that asks;
 * to be left as it was found. Files that run beside each other have one each. A test that breaks hosts starts its own.
 */
export async function sharedLab(): Promise<Lab> {
  const name = sharedLabName(inject('labs'), Number(process.env.VITEST_POOL_ID ?? '1'));
  if (readState(folderOf(name)) !== undefined) return openLab({ name });
  const lab = await startLab({ name, hosts: 3 });
  await ensureImage('busybox', lab.endpoint);
  return lab;
}
