import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../kit/errors.ts';
import { CA_FILE } from '../link/index.ts';
import type { DataDir } from './data-dir.ts';

/**
 * A manager that has run before and has no database now has lost it: a new one would be another cluster under the same
 * name, in which no host is known and every container is a stranger's.
 * @throws BerthError `unavailable` that says how to restore it, and how to begin anew
 */
export function refuseLostDatabase(dir: DataDir): void {
  const size = statSync(dir.database, { throwIfNoEntry: false })?.size;
  if ((size ?? 0) > 0) return;
  const trace = [join(dir.root, 'config.json'), join(dir.pki, CA_FILE)].find((file) => existsSync(file));
  if (trace === undefined) return;
  throw new BerthError(
    'unavailable',
    `${dir.database} is ${size === undefined ? 'missing' : 'empty'}, and a manager has run here before (${trace} is there)`,
    {
      hint: 'put a backup of it in its place, then start again; "berth down --purge" gives the cluster up, for a new one',
    },
  );
}
