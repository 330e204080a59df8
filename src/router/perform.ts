import { BerthError } from '../kit/errors.ts';
import type { Command, Plan } from './plan.ts';
import type { RuntimeSocket } from './runtime-socket.ts';

/** Bytes of a payload: HAProxy takes a command that fits into one buffer (16 KiB) with all that belongs to it. */
const PAYLOAD_BYTES = 12_000;

/** Commands that are sent in one go. */
const AT_ONCE = 100;

/** @throws BerthError `internal` with what HAProxy answered; what was sent with that command, and before, may be done */
export async function perform(
  socket: RuntimeSocket,
  { enter, entries, leave, replace }: Extract<Plan, { kind: 'commands' }>,
): Promise<void> {
  // Servers come in before entries point to their backends, and entries go before servers.
  await all(socket, enter);
  for (const [file, map] of replace) await replaceMap(socket, file, map);
  await all(socket, entries);
  await all(socket, leave);
}

async function all(socket: RuntimeSocket, commands: readonly Command[]): Promise<void> {
  for (let at = 0; at < commands.length; at += AT_ONCE) {
    const part = commands.slice(at, at + AT_ONCE);
    const answers = await socket.askAll(part);
    for (const [i, { line, expect }] of part.entries()) {
      const answer = answers[i] ?? '';
      if (expect.test(answer)) continue;
      const words = line.split(' ').slice(0, 4).join(' ');
      throw new BerthError('internal', `HAProxy answers "${words}" with: ${answer || 'nothing'}`);
    }
  }
}

/** All at once for requests: a new version is filled, and then takes the old one's place. */
async function replaceMap(
  socket: RuntimeSocket,
  file: string,
  map: ReadonlyMap<string, string>,
): Promise<void> {
  const answer = await socket.ask(`prepare map ${file}`);
  const version = /^New version created: (\d+)$/.exec(answer)?.[1];
  if (version === undefined)
    throw new BerthError('internal', `HAProxy answers "prepare map" with: ${answer}`);
  let payload = '';
  const flush = async () => {
    if (payload === '') return;
    await all(socket, [{ line: `add map @${version} ${file}`, payload, expect: /^$/ }]);
    payload = '';
  };
  for (const [key, value] of map) {
    if (payload.length + key.length + value.length > PAYLOAD_BYTES) await flush();
    payload += `${key} ${value}\n`;
  }
  await flush();
  await all(socket, [{ line: `commit map @${version} ${file}`, expect: /^$/ }]);
}
