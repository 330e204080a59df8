import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with package.json: the bundle lies in its `dist`, the source in its `src/main`. */
export function packageRoot(): string {
  let folder = dirname(process.argv[1] ?? '.');
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}
