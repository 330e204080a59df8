/** POSIX paths as text, without a file system (POSIX.1-2017, 4.13). */

/** `path` as seen from the folder `base`, with `.` and `..` taken out; `..` above the root stays at the root. */
export function resolvePath(base: string, path: string): string {
  const whole = path.startsWith('/') ? path : `${base}/${path}`;
  const absolute = whole.startsWith('/');
  const steps: string[] = [];
  for (const step of whole.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.length > 0 && steps.at(-1) !== '..') steps.pop();
    else if (!absolute) steps.push('..');
  }
  return (absolute ? '/' : '') + steps.join('/') || '.';
}

/** An absolute path as seen from the folder that it is in, or under; any other as it is. */
export function seenFrom(folder: string, path: string): string {
  const begin = folder.endsWith('/') ? folder : `${folder}/`;
  return path.startsWith(begin) && path.length > begin.length ? path.slice(begin.length) : path;
}

/** The folder that a file is in. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end) || '/';
}

export function lastName(path: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? '';
}
