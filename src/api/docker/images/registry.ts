import type { DockerCall } from '../call.ts';
import { readJson } from '../json.ts';
import { ask, engineHeaders, enginePath, sendAnswer } from '../passthrough.ts';
import { onAnyHost } from '../system/hosts.ts';
import { mergeProgress } from './merge-progress.ts';
import { encodePath, hostWithImage } from './one-host.ts';

/** `POST /images/<name>/push`, from a host that has it. */
export async function pushImage(call: DockerCall): Promise<void> {
  await readJson(call.req);
  const name = call.params.name ?? '';
  const tag = call.query.get('tag');
  const { host } = await hostWithImage(call, tag ? `${name}:${tag}` : name);
  const path = enginePath(call, `/images/${encodePath(name)}/push`, call.query);
  const headers = registryHeaders(call);
  await mergeProgress(call, [host], () =>
    ask(call, host.id, { method: 'POST', path, headers, signal: call.signal }),
  );
  call.res.end();
}

/** `GET /images/search`: any host's engine asks the registry. */
export async function searchImages(call: DockerCall): Promise<void> {
  await fromAnyHost(call, '/images/search');
}

/** `GET /distribution/<name>/json`: what a registry has under a name. */
export async function distribution(call: DockerCall): Promise<void> {
  await fromAnyHost(call, `/distribution/${encodePath(call.params.name ?? '')}/json`);
}

async function fromAnyHost(call: DockerCall, enginesPath: string): Promise<void> {
  const path = enginePath(call, enginesPath, call.query);
  const headers = registryHeaders(call);
  const answer = await onAnyHost(call, (host) =>
    ask(call, host.id, { method: 'GET', path, headers, signal: call.signal }),
  );
  await sendAnswer(call, answer);
}

/** The log-in to the registry; a request without a body has nothing else. */
function registryHeaders(call: DockerCall): Record<string, string> {
  return Object.fromEntries(Object.entries(engineHeaders(call)).filter(([name]) => name.startsWith('x-')));
}
