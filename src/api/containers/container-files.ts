import type { Readable } from 'node:stream';
import { z } from 'zod';
import {
  FOLDER_PATH,
  type FolderListing,
  folderListingSchema,
  PUT_FILE_PATH,
  type StoredFile,
  storedFileSchema,
} from '../../contract/container-files.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Agents } from '../../link/index.ts';
import type { EngineCall } from '../docker/call.ts';
import { containerPath, rewriteFor, type Target } from '../docker/containers/find.ts';
import { ask, enginePath } from '../docker/passthrough.ts';
import type { ContainerDownload, FilePlace } from '../v1/container-hands.ts';
import { oneFileOf } from './one-file.ts';

/** Of `X-Docker-Container-Path-Stat`, JSON in base64; bits of the mode as Go has them (io/fs: FileMode). */
const statSchema = z.looseObject({
  name: z.string(),
  size: z.number(),
  mode: z.number(),
  linkTarget: z.string(),
});
const GO_FOLDER = 2 ** 31;
const GO_LINK = 2 ** 27;

/** @throws BerthError of the agent: `not_found`, `bad_request`, `conflict`, `unsupported`, `timeout` */
export async function filesIn(
  { signal }: EngineCall,
  agents: Agents,
  target: Target,
  path: string,
): Promise<FolderListing> {
  const question = { container: target.seen?.engineId, path };
  const answer = await agents.ask(target.hostId, FOLDER_PATH, question, signal);
  return folderListingSchema.parse(answer);
}

/** @throws BerthError of the agent, as `filesIn`; `unavailable` where its host takes in others */
export async function putFileIn(
  agents: Agents,
  target: Target,
  place: FilePlace,
  sent: Readable,
  signal: AbortSignal,
): Promise<StoredFile> {
  const question = { container: target.seen?.engineId, ...place };
  const answer = await agents.send(target.hostId, PUT_FILE_PATH, question, sent, signal);
  return storedFileSchema.parse(answer);
}

/** What there is to download at a path, links followed. @throws BerthError `engine` in the engine's words */
export async function downloadOf(call: EngineCall, target: Target, path: string): Promise<ContainerDownload> {
  const found = await statOf(call, target, path);
  // The engine tells where it leads; an archive of a link is the link.
  const way = found.linkTarget === '' ? path : found.linkTarget;
  const real = way === path ? found : await statOf(call, target, way);
  const isFolder = has(real.mode, GO_FOLDER);
  if (!isFolder && has(real.mode, GO_LINK))
    throw new BerthError('not_found', `"${path}" is a link that leads to nothing`);
  const name = nameOf(path, target.name);
  return isFolder
    ? { path: way, name: `${name}.tar`, isFolder }
    : { path: way, name, isFolder, size: real.size };
}

/** @returns bytes of the file, or of a tar of the folder. @throws BerthError in the engine's words, `host_down` */
export async function fetchDownload(
  call: EngineCall,
  target: Target,
  { path, isFolder }: ContainerDownload,
): Promise<Readonly<{ size?: number; body: Readable }>> {
  const { body } = await ask(call, target.hostId, archive(call, target, 'GET', path), rewriteFor(target));
  return isFolder ? { body } : oneFileOf(body);
}

async function statOf(call: EngineCall, target: Target, path: string): Promise<z.infer<typeof statSchema>> {
  const answer = await call.deps.engines.request(target.hostId, archive(call, target, 'HEAD', path));
  answer.body.resume();
  // What it says against it would be in a body, which an answer to HEAD has not.
  if (answer.status === 404)
    throw new BerthError('not_found', `there is no "${path}" in container ${target.name}`);
  const text = answer.headers['x-docker-container-path-stat'];
  if (answer.status >= 400 || typeof text !== 'string')
    throw new BerthError('engine', `the engine cannot read "${path}" of container ${target.name}`, {
      status: answer.status,
    });
  return statSchema.parse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
}

function archive(call: EngineCall, target: Target, method: 'GET' | 'HEAD', path: string) {
  const query = new URLSearchParams({ path });
  return { method, path: enginePath(call, containerPath(target, '/archive'), query), signal: call.signal };
}

/** Numbers of JavaScript are shifted in 32 bits only. */
function has(mode: number, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1;
}

function nameOf(path: string, container: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? container;
}
