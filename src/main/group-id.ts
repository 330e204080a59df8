import { readFileSync } from 'node:fs';
import { BerthError } from '../kit/errors.ts';

/**
 * The numeric ID of a group, by name or number, from /etc/group (group(5)).
 * @throws BerthError `bad_request` where there is none
 */
export function groupId(group: string, file = '/etc/group'): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2]);
  if (line !== undefined && Number.isInteger(id)) return id;
  throw new BerthError('bad_request', `--socket-group: there is no group "${group}" on this machine`, {
    hint: `make it with "groupadd ${group}", or give its number`,
  });
}
