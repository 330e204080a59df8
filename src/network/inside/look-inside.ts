import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import { type Dialed, type FoundName, type LookAnswer, lookAskSchema } from '../../model/look.ts';
import { say } from '../../model/said/index.ts';
import { listeners } from './listeners.ts';

/** First argument by which the program knows that it is to look around; on no command line that people type. */
export const LOOK_WORD = '__look-inside';

/** What is to be tried in the network namespace that this process is in. */
export const insideJobSchema = lookAskSchema.omit({ container: true }).extend({
  /** Name servers, addresses. */
  servers: z.array(z.string()),
  /** Until silence counts, milliseconds. */
  ms: z.number().int().min(1).max(60_000),
});
export type InsideJob = Readonly<z.infer<typeof insideJobSchema>>;

/** Kernel's files of the namespace that this process is in. */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'] as const;

/** So many are told: a process may listen on any number, and an answer that is too large is none. */
const MOST_LISTENERS = 5_000;

/** Asks, connects and reads, all at once; what does not work is a finding, and nothing is thrown. */
export async function lookInside({ servers, name, dial, ms }: InsideJob): Promise<LookAnswer> {
  const [found, dialed, listening] = await Promise.all([
    name === undefined ? undefined : findName(name, servers, ms),
    Promise.all((dial?.ports ?? []).map((port) => dialPort(dial?.address ?? '', port, ms))),
    Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => ''))),
  ]);
  return {
    ...(found === undefined ? {} : { name: found }),
    dialed,
    ...told(listening.flatMap((table) => [...listeners(table)])),
  };
}

/** Each place once, and no more of them than an answer can hold. */
export function told(places: LookAnswer['listening']): Pick<LookAnswer, 'listening' | 'isCut'> {
  const all = new Map(places.map((one) => [`${one.address} ${one.port}`, one]));
  const listening = [...all.values()].slice(0, MOST_LISTENERS);
  return { listening, ...(all.size > MOST_LISTENERS ? { isCut: true } : {}) };
}

/** The child's side: a job on the standard input, the findings on the standard output. */
export async function lookAndTell(
  input: AsyncIterable<Uint8Array | string>,
  output: Readonly<{ write(text: string): unknown }>,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of input) parts.push(Buffer.from(part));
  const job = insideJobSchema.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
  output.write(JSON.stringify(await lookInside(job)));
}

const NO_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);
const SILENT: ReadonlySet<string> = new Set(['ETIMEOUT', 'ECONNREFUSED']);

async function findName(name: string, servers: readonly string[], ms: number): Promise<FoundName> {
  const of = (state: FoundName['state'], addresses: readonly string[], reason = ''): FoundName => ({
    ...{ servers: [...servers], state, addresses: [...addresses], reason },
  });
  if (servers.length === 0) return of('failed', [], say('hosts.reach.name.server'));
  const resolver = new Resolver({ timeout: Math.max(1, Math.floor(ms / 2)), tries: 1 });
  try {
    resolver.setServers(servers);
  } catch (thrown) {
    return of('failed', [], messageOf(thrown));
  }
  const timer = setTimeout(() => resolver.cancel(), ms);
  const results = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  clearTimeout(timer);
  const addresses = results.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (addresses.length > 0) return of('found', addresses);
  const codes = results.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []));
  // One family alone is usual: what the other one has said is the answer then.
  if (codes.some((code) => NO_NAME.has(code))) return of('none', []);
  if (codes.some((code) => SILENT.has(code) || code === 'ECANCELLED')) return of('silent', []);
  return of('failed', [], codes.join(', '));
}

function dialPort(address: string, port: number, ms: number): Promise<Dialed> {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connect({ host: address, port });
    const end = (state: Dialed['state'], reason = '') => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ port, state, ms: Math.round((performance.now() - began) * 10) / 10, reason });
    };
    const timer = setTimeout(() => end('silent'), ms);
    socket.once('connect', () => end('open'));
    socket.on('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED') end('refused');
      else if (code === 'ETIMEDOUT') end('silent');
      else end('unreachable', error.message);
    });
  });
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : messageOf(error);
}
