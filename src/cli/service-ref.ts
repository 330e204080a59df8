import { BerthError } from '../kit/errors.ts';
import type { ArgumentSpec } from './command.ts';

/** How services are named on the command line. */
export const serviceArgument: ArgumentSpec = {
  name: '<SERVICE>',
  summary: 'STACK/SERVICE, as "berth service ls" prints it',
};

/**
 * `shop/web`.
 * @throws BerthError `bad_request`
 */
export function serviceRef(text: string): Readonly<{ stack: string; service: string }> {
  const [, stack, service] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (stack === undefined || service === undefined)
    throw new BerthError('bad_request', `"${text}" names no service: write STACK/SERVICE`, {
      hint: '"berth service ls" lists them',
    });
  return { stack, service };
}
