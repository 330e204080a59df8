import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Written beside, flushed, then renamed over: the file is the old one or the new one, whole. That it is the new one after a
 * power cut needs `syncFolder`, once for many files. @throws the file system's error
 */
export async function replaceFile(folder: string, name: string, content: string): Promise<void> {
  const temporary = join(folder, `${name}.tmp`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
}
