import { resolve } from 'node:path';
import { until } from './run.ts';
import { Watch } from './watch.ts';

const SCRIPT = resolve(import.meta.dirname, '../network/when-named.mjs');
const NAMES_ADDRESS = '169.254.53.53';

/** Asks for names from inside of a network namespace, one after the other, each until it leads to an address. */
export class NamedWatch extends Watch {
  /**
   * @param inside argv that runs a command in a namespace in which a host answers
   * @param names of containers, in the order in which they start
   */
  constructor(inside: readonly string[], names: readonly string[]) {
    super([...inside, process.execPath, SCRIPT, NAMES_ADDRESS, ...names.map((name) => `${name}.internal`)]);
  }

  /** When the name led to an address first, milliseconds since the epoch; waits for it. @throws LabError after a minute */
  of(name: string): Promise<number> {
    const told = async () => {
      const line = this.lines.find((one) => one.startsWith(`${name}.internal `));
      return line === undefined ? undefined : Number(line.split(' ')[1]);
    };
    return until(`an answer for the name ${name}`, told, { timeoutMs: 60_000, everyMs: 5 });
  }
}
