import { BerthError } from '../../kit/errors.ts';
import type { RegistryAuth } from '../../model/registry-login.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { askJson } from '../docker/passthrough.ts';
import { servedVersions } from '../docker/version.ts';

/** A registry that says nothing is given up, milliseconds. */
const CHECK_MS = 20_000;

/**
 * Asks the registry, through a host's engine, whether it takes the log-in. The first host that is connected asks: its word
 * counts, also where others would not reach the registry.
 * @throws BerthError `bad_request` in the registry's words; `unavailable` where no host can ask
 */
export async function checkLogin(deps: DockerDeps, auth: RegistryAuth): Promise<void> {
  const hosts = deps.store.view((tx) => [...tx.all('hosts')]);
  const host = hosts.find(({ id }) => deps.engines.connected(id));
  if (host === undefined)
    throw new BerthError(
      'unavailable',
      'no host of the cluster is connected, and one has to ask the registry',
      {
        hint: '"berth node ls" shows the hosts',
      },
    );
  const path = `/v${servedVersions(deps.store).api}/auth`;
  const signal = AbortSignal.timeout(CHECK_MS);
  try {
    await askJson({ deps }, host.id, { method: 'POST', path, json: auth, signal });
  } catch (thrown) {
    if (!(thrown instanceof BerthError)) throw thrown;
    const where = auth.serveraddress ?? '';
    throw new BerthError('bad_request', `${where} does not take the log-in: ${thrown.message}`, {
      hint: `host ${host.name} asked it: see that it reaches the registry, and try the password with "docker login"`,
    });
  }
}
