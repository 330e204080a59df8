import type { Role } from '../../../src/contract/page-client.ts';
import { OIDC_CALLBACK } from '../../../src/contract/v1/oidc.ts';
import { client } from '../cluster/client.ts';

/** Where the person was, in this tab, until they are sent back. */
const PLACE = 'berth-before-login';

/** Goes to the provider. @throws BerthError what the manager says */
export async function beginLogin(): Promise<void> {
  const { url } = await client.call('oidc.begin', {});
  const { pathname, search } = location;
  sessionStorage.setItem(PLACE, pathname === OIDC_CALLBACK ? '/' : pathname + search);
  location.assign(url);
}

/**
 * Ends the log-in of whom the provider has sent back, and is where they were before.
 * @param query of the address: it has a code, which is out of sight and history at once
 * @throws BerthError why it has not come about, in a sentence
 */
export async function finishLogin(query: string): Promise<Readonly<{ user: string; role: Role }>> {
  const place = sessionStorage.getItem(PLACE) ?? '/';
  sessionStorage.removeItem(PLACE);
  history.replaceState(null, '', /^\/(?!\/)/.test(place) ? place : '/');
  const { user, role } = await client.call('oidc.finish', { query });
  return { user, role };
}
