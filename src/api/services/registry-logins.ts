import type { Vault } from '../../kit/vault.ts';
import {
  loginKey,
  loginPurpose,
  type RegistryAuth,
  registryAuthSchema,
  registryOf,
} from '../../model/registry-login.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';

export type NewLogin = Readonly<{
  registry: string;
  /** Key of the one service that it is for; undefined: for all. */
  service?: string | undefined;
  auth: RegistryAuth;
  by: string;
  /** Milliseconds since the epoch. */
  at: number;
}>;

/** Keeps a log-in, in place of the one before it. */
export function putLogin(tx: WriteTx, vault: Vault, { registry, service, auth, by, at }: NewLogin): void {
  const names = { registry, ...(service === undefined ? {} : { service }) };
  const sealed = vault.seal(JSON.stringify(auth), loginPurpose(names));
  tx.put('registryLogins', {
    kind: 'registry-login',
    ...names,
    username: auth.username ?? '',
    sealed,
    at,
    by,
  });
}

/**
 * What `X-Registry-Auth` says where an image is pulled for a service: its own log-in, else the cluster's; undefined where
 * there is none for the image's registry.
 */
export function registryAuthFor(
  tx: ReadTx,
  vault: Vault,
  image: string,
  service: string,
): string | undefined {
  const registry = registryOf(image);
  const login =
    tx.get('registryLogins', loginKey({ registry, service })) ?? tx.get('registryLogins', registry);
  if (login === undefined) return undefined;
  return vault.open(login.sealed, loginPurpose(login)).toString('base64url');
}

/** What a client sent in `X-Registry-Auth`; undefined where there is nothing in it that a registry would take. */
export function authOf(header: string | string[] | undefined): RegistryAuth | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
    const parsed = registryAuthSchema.safeParse(value);
    if (!parsed.success) return undefined;
    const { username, identitytoken, registrytoken } = parsed.data;
    return username || identitytoken || registrytoken ? parsed.data : undefined;
  } catch {
    // Docker's engine takes what it cannot read for nothing (moby: api/types/registry, DecodeAuthConfig).
    return undefined;
  }
}

/** Those of a service that is gone. */
export function forgetLogins(tx: WriteTx, service: string): void {
  for (const login of [...tx.by('registryLogins', 'service', service)])
    tx.delete('registryLogins', loginKey(login));
}
