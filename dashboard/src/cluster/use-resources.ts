import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type Role, roleAllows } from '../../../src/contract/page-client.ts';
import type { ApiTokenView, UserView } from '../../../src/contract/v1/access.ts';
import type { BalancerView } from '../../../src/contract/v1/balancers.ts';
import type { CertificateView } from '../../../src/contract/v1/certificates.ts';
import type { FileView } from '../../../src/contract/v1/files.ts';
import type { ImageView } from '../../../src/contract/v1/images.ts';
import type { JoinTokenView } from '../../../src/contract/v1/join-tokens.ts';
import type { NetworkView } from '../../../src/contract/v1/networks.ts';
import type { RegistryLoginView } from '../../../src/contract/v1/registries.ts';
import type { RouteView } from '../../../src/contract/v1/route-list.ts';
import type { VolumeView } from '../../../src/contract/v1/volumes.ts';
import { client } from './client.ts';

/** For as long what was read lately is good enough to find something by its name. */
const FRESH_MS = 30_000;
const NONE: readonly never[] = [];

export type Resources = Readonly<{
  networks: readonly NetworkView[];
  volumes: readonly VolumeView[];
  images: readonly ImageView[];
  routes: readonly RouteView[];
  balancers: readonly BalancerView[];
  certificates: readonly CertificateView[];
  users: readonly UserView[];
  tokens: readonly ApiTokenView[];
  configs: readonly FileView[];
  secrets: readonly FileView[];
  logins: readonly RegistryLoginView[];
  joinTokens: readonly JoinTokenView[];
}>;

/** A list that is read once it is wanted, and shares its answer with the page that has the same key. */
function useList<T, L>(
  isWanted: boolean,
  queryKey: readonly string[],
  ask: (signal: AbortSignal) => Promise<T>,
  listOf: (answer: T) => readonly L[],
): readonly L[] {
  const queryFn = ({ signal }: Readonly<{ signal: AbortSignal }>) => ask(signal);
  const { data } = useQuery({ queryKey, queryFn, staleTime: FRESH_MS, enabled: isWanted });
  return data === undefined ? NONE : listOf(data);
}

/**
 * What is not in the picture: read when somebody looks for something. Empty until then, and where it is not for that role; who
 * is no admin has the own tokens.
 */
export function useResources(isWanted: boolean, role: Role): Resources {
  const isAdmin = roleAllows(role, 'admin');
  const networks = useList(
    isWanted,
    ['networks'],
    (signal) => client.call('network.list', undefined, { signal }),
    (answer) => answer.networks,
  );
  const volumes = useList(
    isWanted,
    ['volumes'],
    (signal) => client.call('volume.list', {}, { signal }),
    (answer) => answer.volumes,
  );
  const images = useList(
    isWanted,
    ['images'],
    (signal) => client.call('image.list', undefined, { signal }),
    (answer) => answer.images,
  );
  const routes = useList(
    isWanted,
    ['routes'],
    (signal) => client.call('route.list', { brief: true }, { signal }),
    (answer) => answer.routes,
  );
  const balancers = useList(
    isWanted,
    ['balancers'],
    (signal) => client.call('balancer.list', undefined, { signal }),
    (answer) => answer.balancers,
  );
  const certificates = useList(
    isWanted,
    ['certificates'],
    (signal) => client.call('certificate.list', undefined, { signal }),
    (answer) => answer.certificates,
  );
  const users = useList(
    isWanted && isAdmin,
    ['users'],
    (signal) => client.call('user.list', undefined, { signal }),
    (answer) => answer.users,
  );
  const allTokens = useList(
    isWanted,
    ['tokens', isAdmin ? 'all' : 'own'],
    (signal) => client.call('apiToken.list', isAdmin ? { all: true } : {}, { signal }),
    (answer) => answer.tokens,
  );
  const configs = useList(
    isWanted,
    ['files', 'config'],
    (signal) => client.call('file.list', { noun: 'config' }, { signal }),
    (answer) => answer.files,
  );
  const secrets = useList(
    isWanted,
    ['files', 'secret'],
    (signal) => client.call('file.list', { noun: 'secret' }, { signal }),
    (answer) => answer.files,
  );
  const logins = useList(
    isWanted && roleAllows(role, 'operator'),
    ['registries'],
    (signal) => client.call('registry.list', undefined, { signal }),
    (answer) => answer.logins,
  );
  const joinTokens = useList(
    isWanted && isAdmin,
    ['join-tokens'],
    (signal) => client.call('token.list', undefined, { signal }),
    (answer) => answer.tokens,
  );
  // Log-ins of pages are tokens as well.
  const tokens = useMemo(() => allTokens.filter(({ session }) => !session), [allTokens]);
  return useMemo(
    () => ({
      ...{ networks, volumes, images, routes, balancers, certificates },
      ...{ users, tokens, configs, secrets, logins, joinTokens },
    }),
    [
      networks,
      volumes,
      images,
      routes,
      balancers,
      certificates,
      users,
      tokens,
      configs,
      secrets,
      logins,
      joinTokens,
    ],
  );
}
