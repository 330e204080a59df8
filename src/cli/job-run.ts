import type { JobRunView } from '../contract/v1/jobs.ts';
import type { StyleName } from './terminal/style.ts';

/** Green where it has ended well, yellow while it goes on, red where it has not. */
export function runStyle(state: JobRunView['state']): Readonly<{ style: StyleName }> {
  if (state === 'succeeded') return { style: 'green' };
  return { style: state === 'starting' || state === 'running' || state === 'skipped' ? 'yellow' : 'red' };
}
