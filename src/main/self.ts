import { isSea } from 'node:sea';

/** The argv that starts this very program again: the self-contained executable, or Node with the bundle. */
export function selfCommand(args: readonly string[]): string[] {
  const script = process.argv[1];
  return isSea() || script === undefined
    ? [process.execPath, ...args]
    : [process.execPath, ...process.execArgv, script, ...args];
}
