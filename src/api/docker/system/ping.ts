import type { DockerCall } from '../call.ts';
import { servedVersions } from '../version.ts';

/**
 * `GET` and `HEAD /_ping`: how clients agree on a version. `Builder-Version: 1` makes those that ask build with the
 * engine's classic builder; buildx, which does not ask, is served by `/grpc` and `/session`.
 */
export async function ping(call: DockerCall): Promise<void> {
  const { deps, method, res } = call;
  const body = method === 'HEAD' ? '' : 'OK';
  res.writeHead(200, {
    'api-version': servedVersions(deps.store).api,
    'builder-version': '1',
    'docker-experimental': 'false',
    ostype: 'linux',
    'cache-control': 'no-cache, no-store, must-revalidate',
    pragma: 'no-cache',
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
  });
  res.end(body);
}
