import { BerthError } from '../../kit/errors.ts';
import { type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import { domainSchema } from '../../model/router.ts';
import type { Listener, Route, Service } from '../../model/service.ts';
import { isServed, servedName, servedPath } from '../../model/service-routes.ts';
import type { Stack } from '../../model/stack.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';

type Settings = Readonly<{ appsDomain: string; routerPort: number }>;

/**
 * Whether routers can serve what the stack's services ask for, beside what others have. A wildcard and a domain below it may
 * be two services': the more exact one counts.
 * @param rest the stack's other services, where these are not all
 * @returns what is not served, one sentence each
 * @throws BerthError `bad_request` for what cannot be served, `conflict` for what another service has, by its name
 */
export function checkRoutes(
  tx: ReadTx,
  { name: stack, services }: Pick<Stack, 'name' | 'services'>,
  rest: readonly Service[] = [],
): readonly string[] {
  const settings = settingsOf(tx);
  const holders = new Map<string, string>();
  for (const { service, ...record } of othersOf(tx, stack))
    for (const what of claimsOf(service, settings)) holders.set(what, serviceKey(record.stack, record.name));
  for (const service of rest)
    for (const what of claimsOf(service, settings)) holders.set(what, serviceKey(stack, service.name));
  for (const service of services) {
    for (const route of service.routes) refuseRoute(service, route, settings);
    for (const what of new Set(claimsOf(service, settings))) {
      const holder = holders.get(what);
      const key = serviceKey(stack, service.name);
      if (holder !== undefined)
        throw new BerthError('conflict', `service ${service.name}: ${what} is taken by service ${holder}`, {
          hint: `take it from ${holder}, or choose another one; "berth route ls" lists them`,
        });
      holders.set(what, key);
    }
  }
  return services.flatMap((service) => [
    ...service.routes.flatMap((route) => routeWarnings(service, route)),
    ...service.listeners.flatMap((listener) => listenerWarnings(service, listener, settings)),
  ]);
}

function* othersOf(tx: ReadTx, stack: string): Iterable<ServiceRecord> {
  for (const record of tx.all('services')) if (record.stack !== stack) yield record;
}

/** In words that messages can name. */
function claimsOf({ routes, listeners }: Service, settings: Settings): string[] {
  const names = routes.flatMap((route) => servedName(route, settings.appsDomain) ?? []);
  const ports = listeners.filter((one) => isServed(one, settings.routerPort));
  return [
    ...names.map(({ domain, path }) => `${domain}${path === '/' ? '' : path}`),
    ...ports.map(({ frontPort }) => `port ${frontPort} of the ingress hosts`),
  ];
}

function refuseRoute({ name }: Service, { host, path, scope }: Route, { appsDomain }: Settings): void {
  const refuse = (what: string, hint: string) =>
    new BerthError('bad_request', `service ${name}: ${what}`, { hint });
  if (servedPath(path) === undefined)
    throw refuse(
      `"${path.slice(0, 80)}" is not a path that the router takes`,
      'leave out . and .., and what is encoded',
    );
  if (host.kind === 'prefix' && appsDomain === '' && scope === 'public')
    throw refuse(
      `its route "${host.name}" needs a domain behind it, and the cluster has none`,
      'set one with "berth settings set appsDomain=apps.example.com", or write the whole domain',
    );
  const domain = host.kind === 'domain' ? host.name : `${host.name}.${appsDomain || 'example.com'}`;
  if (!domainSchema.safeParse(domain).success)
    throw refuse(
      `"${domain.slice(0, 80)}" is not a domain`,
      'small letters, digits and -, with dots between',
    );
}

function routeWarnings({ name }: Service, { host, scheme, scope }: Route): string[] {
  if (scope === 'cluster')
    return [`service ${name}: names that end in .local, such as ${host.name}, are not routed`];
  if (scheme === 'https')
    return [`service ${name}: ${host.name} is served without TLS, as the router has no certificates yet`];
  return [];
}

function listenerWarnings({ name }: Service, listener: Listener, { routerPort }: Settings): string[] {
  if (isServed(listener, routerPort)) return [];
  const { protocol, frontPort } = listener;
  if (frontPort === routerPort)
    return [
      `service ${name}: nothing listens on port ${frontPort} for it alone, as the router has that for domains: give it one with berth.routing.port_${listener.port}`,
    ];
  const why = protocol === 'udp' ? 'the router has no UDP' : 'the router has no certificates yet';
  return [`service ${name}: nothing listens on port ${frontPort} (${protocol}): ${why}`];
}
