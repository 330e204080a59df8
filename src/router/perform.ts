import { BerthError } from '../kit/errors.ts';
import type { Command, Plan } from './plan.ts';
import type { RuntimeSocket } from './runtime-socket.ts';

/** Bytes of a payload: HAProxy takes a command that fits into one buffer (16 KiB) with all that belongs to it. */
const PAYLOAD_BYTES = 12_000;

/** @throws BerthError `internal` with what HAProxy answered; what came before it is done */
export async function perform(
  socket: RuntimeSocket,
  { commands, replace }: Extract<Plan, { kind: 'commands' }>,
): Promise<void> {
  // Servers come in before entries point to their backends, and entries go before servers: maps are in the middle of both.
  const middle = commands.findIndex(({ line }) => /^(set|del|add) map |state maint$/.test(line));
  const at = middle === -1 ? commands.length : middle;
  for (const command of commands.slice(0, at)) await one(socket, command);
  for (const [file, map] of replace) await replaceMap(socket, file, map);
  for (const command of commands.slice(at)) await one(socket, command);
}

async function one(socket: RuntimeSocket, { line, payload, expect }: Command): Promise<void> {
  const answer = await socket.ask(line, payload);
  if (expect.test(answer)) return;
  const words = line.split(' ').slice(0, 4).join(' ');
  throw new BerthError('internal', `HAProxy answers "${words}" with: ${answer || 'nothing'}`);
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
    await one(socket, { line: `add map @${version} ${file}`, payload, expect: /^$/ });
    payload = '';
  };
  for (const [key, value] of map) {
    if (payload.length + key.length + value.length > PAYLOAD_BYTES) await flush();
    payload += `${key} ${value}\n`;
  }
  await flush();
  await one(socket, { line: `commit map @${version} ${file}`, expect: /^$/ });
}
