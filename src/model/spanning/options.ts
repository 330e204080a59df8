import { BerthError } from '../../kit/errors.ts';
import type { ReadOptions, SpanDriver } from './driver.ts';

/**
 * What `--opt` says to a driver. Names ignore case and dashes before them: seed 004 has `--opt --VlanId=1`.
 * @throws BerthError `bad_request` for an option that the driver does not have, or a value that is not possible
 */
export function readOptions(driver: SpanDriver, given: Readonly<Record<string, string>>): ReadOptions {
  let read: ReadOptions = {};
  const from = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
    const option = driver.options[name.replace(/^-+/, '').toLowerCase()];
    if (option === undefined) throw unknownOption(driver, name);
    const one = option.read(value.trim());
    if (one === undefined)
      throw new BerthError(
        'bad_request',
        `network option ${name}=${value.slice(0, 80)} of driver ${driver.name} is not possible: it is ${option.values}`,
      );
    for (const [field, set] of Object.entries(one)) {
      const before = read[field as keyof ReadOptions];
      if (before !== undefined && before !== set)
        throw new BerthError(
          'bad_request',
          `network options ${from.get(field)} and ${name}=${value.slice(0, 80)} contradict each other: leave one of them out`,
        );
      from.set(field, `${name}=${value.slice(0, 80)}`);
    }
    read = { ...read, ...one };
  }
  return read;
}

function unknownOption(driver: SpanDriver, name: string): BerthError {
  const known = Object.keys(driver.options).filter((one) => !one.startsWith('com.'));
  return new BerthError(
    'bad_request',
    `network driver ${driver.name} has no option "${name.slice(0, 80)}": it has ${known.join(', ')}`,
  );
}
