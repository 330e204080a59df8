import { open } from 'node:fs/promises';
import { z } from 'zod';
import type { Engine } from '../../engine/index.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { type LookAnswer, lookAskSchema } from '../../model/look.ts';
import { containerServers } from '../../network/dns/resolv-conf.ts';
import type { InsideLooker } from '../../network/inside/inside-looker.ts';

export type LookDeps = Readonly<{
  engine: Pick<Engine, 'json'>;
  look: InsideLooker;
  /** A file of this host's. */
  read?(path: string): Promise<string>;
}>;

/** Of a question and of a connection, until silence counts. */
const TRY_MS = 3_500;
const ENGINE_MS = 4_000;
/** Bytes of a `resolv.conf`: the container may write to its own, and as much as it likes. */
const MOST_CONF = 64 * 1024;
/** `container:` of `container:` of … */
const MAX_HOPS = 8;

const inspectedSchema = z.looseObject({
  Name: z.string(),
  State: z.looseObject({ Running: z.boolean() }),
  HostConfig: z.looseObject({ NetworkMode: z.string() }),
  ResolvConfPath: z.string(),
  NetworkSettings: z.looseObject({ SandboxKey: z.string() }),
});

/**
 * Looks from within a container's network: its names, connections to another, and who listens in it. Nothing of the
 * container's image is needed, and none of its processes.
 * @throws BerthError `bad_request` for what is no question, `conflict` where the container does not run, `engine`, `timeout`
 */
export async function lookFrom(
  { engine, look, read = readBeginning }: LookDeps,
  question: unknown,
  signal: AbortSignal,
): Promise<LookAnswer> {
  const asked = lookAskSchema.safeParse(question);
  if (!asked.success)
    throw new BerthError('bad_request', `this is no question for an agent: ${asked.error.message}`);
  const { container, ...job } = asked.data;
  const ends = AbortSignal.any([signal, AbortSignal.timeout(ENGINE_MS)]);
  const own = await inspect(engine, container, ends);
  const where = await withSandbox(engine, own, ends);
  const servers = job.name === undefined ? [] : [...(await serversOf(own.ResolvConfPath, read))];
  return look(where.NetworkSettings.SandboxKey, { ...job, servers, ms: TRY_MS });
}

type Inspected = z.infer<typeof inspectedSchema>;

async function inspect(
  engine: LookDeps['engine'],
  container: string,
  signal: AbortSignal,
): Promise<Inspected> {
  const path = `/containers/${encodeURIComponent(container)}/json`;
  const inspected = inspectedSchema.parse(await engine.json('GET', path, undefined, signal));
  if (inspected.State.Running) return inspected;
  throw new BerthError('conflict', `container ${inspected.Name.replace(/^\//, '')} does not run`);
}

/** A container that shares another one's network has no namespace of its own. */
async function withSandbox(
  engine: LookDeps['engine'],
  inspected: Inspected,
  signal: AbortSignal,
): Promise<Inspected> {
  let at = inspected;
  for (let hops = 0; hops < MAX_HOPS && at.NetworkSettings.SandboxKey === ''; hops++) {
    const mode = at.HostConfig.NetworkMode;
    if (!mode.startsWith('container:')) break;
    at = await inspect(engine, mode.slice('container:'.length), signal);
  }
  if (at.NetworkSettings.SandboxKey.startsWith('/')) return at;
  throw new BerthError(
    'conflict',
    `the engine names no network namespace for container ${inspected.Name.slice(1)}`,
  );
}

/** Those in the file that the engine has mounted into it as `/etc/resolv.conf`. */
async function serversOf(path: string, read: (path: string) => Promise<string>): Promise<readonly string[]> {
  try {
    return containerServers(await read(path));
  } catch (thrown) {
    throw new BerthError(
      'internal',
      `${path}, which has the container's name servers, cannot be read: ${messageOf(thrown)}`,
    );
  }
}

async function readBeginning(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_CONF), 0, MOST_CONF, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
