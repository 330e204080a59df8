import { z } from 'zod';
import type { DockerCall } from '../call.ts';
import { readBody, sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { onAnyHost } from './hosts.ts';

const authSchema = z.looseObject({
  username: z.string().optional(),
  password: z.string().optional(),
  auth: z.string().optional(),
  email: z.string().optional(),
  serveraddress: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

/** `POST /auth`: a host's engine asks the registry. The secret is passed on and kept nowhere. */
export async function auth(call: DockerCall): Promise<void> {
  const body = await readBody(call.req, authSchema);
  const answer = await onAnyHost(call, (host) =>
    askJson(call, host.id, {
      method: 'POST',
      path: enginePath(call, '/auth'),
      json: body,
      signal: call.signal,
    }),
  );
  if (answer === undefined) {
    // Older engines say so with 204.
    call.res.writeHead(204);
    call.res.end();
    return;
  }
  sendJson(call.res, 200, answer);
}
