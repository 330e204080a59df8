import type { RegistryLoginView } from '../../contract/v1/registries.ts';
import { BerthError } from '../../kit/errors.ts';
import { DOCKER_HUB, loginKey, type RegistryLogin } from '../../model/registry-login.ts';
import { putLogin } from '../services/registry-logins.ts';
import { refuseOtherLogin } from './as-seen.ts';
import type { Handlers } from './handler.ts';

/** Docker's clients and engines call it so. */
const HUB_ADDRESS = 'https://index.docker.io/v1/';

export const registryHandlers: Handlers<`registry.${'list' | 'login' | 'logout'}`> = {
  'registry.list': ({ deps }) =>
    deps.store.view((tx) => ({
      logins: [...tx.all('registryLogins')].sort((a, b) => (loginKey(a) < loginKey(b) ? -1 : 1)).map(viewOf),
    })),
  'registry.login': async ({ deps, params: { registry }, body: { username, password, was }, principal }) => {
    // Told before a host asks the registry, and again as it may have come to be meanwhile.
    deps.store.view((tx) => refuseOtherLogin(registry, tx.get('registryLogins', registry), was));
    const serveraddress = registry === DOCKER_HUB ? HUB_ADDRESS : registry;
    const auth = { username, password, serveraddress };
    await deps.checkLogin(auth);
    const by = { by: principal.user, at: deps.clock.now() };
    await deps.store.update((tx) => {
      refuseOtherLogin(registry, tx.get('registryLogins', registry), was);
      putLogin(tx, deps.vault.vault, { registry, auth, ...by });
    });
    return { registry, username, service: '', ...by };
  },
  'registry.logout': async ({ deps, params: { registry } }) => {
    const gone = await deps.store.update((tx) => tx.delete('registryLogins', registry));
    if (!gone)
      throw new BerthError('not_found', `there is no log-in of ${registry}`, {
        hint: '"berth registry ls" lists them',
      });
    return {};
  },
};

function viewOf({ registry, username, service = '', at, by }: RegistryLogin): RegistryLoginView {
  return { registry, username, service, at, by };
}
