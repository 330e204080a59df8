import { isSea } from 'node:sea';

/**
 * The argv that starts this very program again: the self-contained executable, or Node with the bundle.
 * @param flags for Node; those that this process was given come later and count. The executable takes none.
 */
export function selfCommand(args: readonly string[], flags: readonly string[] = []): string[] {
  const script = process.argv[1];
  return isSea() || script === undefined
    ? [process.execPath, ...args]
    : [process.execPath, ...flags, ...process.execArgv, script, ...args];
}
