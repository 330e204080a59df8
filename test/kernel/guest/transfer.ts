import assert from 'node:assert/strict';
import { until } from '../../lab/run.ts';
import type { GuestHost } from './host.ts';

const PORT = 9000;
const HEX_PORT = PORT.toString(16).toUpperCase().padStart(4, '0');

const inside = (argv: readonly string[], container: string) => ['ip', 'netns', 'exec', container, ...argv];
/** A container of a host: a namespace there. */
type Place = Readonly<{ host: GuestHost; container: string }>;

/** Sends a text by TCP from one container to an address of another one. @throws where it has not come as it was sent */
export async function passText(
  from: Place,
  to: Place & Readonly<{ ip: string }>,
  text: string,
): Promise<void> {
  const server = to.host.spawn(inside(['busybox', 'nc', '-l', '-p', String(PORT)], to.container));
  const got: Buffer[] = [];
  server.stdout?.on('data', (bytes: Buffer) => got.push(bytes));
  const ended = new Promise((done) => server.once('close', done));
  await until('the server', async () => (await listens(to)) || undefined, { timeoutMs: 10_000 });
  const client = ['busybox', 'timeout', '30', 'busybox', 'nc', to.ip, String(PORT)];
  const sent = await from.host.exec('', inside(client, from.container), { input: text, timeoutMs: 40_000 });
  assert.equal(sent.code, 0, sent.stderr);
  await ended;
  assert.equal(Buffer.concat(got).toString() === text, true, 'the text has come as it was sent');
}

async function listens({ host, container }: Place): Promise<boolean> {
  const { stdout } = await host.exec('', inside(['cat', '/proc/net/tcp', '/proc/net/tcp6'], container));
  return new RegExp(`:${HEX_PORT} 0+:0000 0A`).test(stdout);
}
