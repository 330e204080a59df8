import { BerthError } from '../../kit/errors.ts';
import { type Balancer, type BalancerListen, listenText } from '../../model/balancer.ts';
import { type Claim, Claims, portClaims } from '../../model/claims.ts';
import { type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import { domainSchema } from '../../model/router.ts';
import { say } from '../../model/said/index.ts';
import type { Listener, Route, Service } from '../../model/service.ts';
import { isRouters, isServed, type RouterPorts, servedName, servedPath } from '../../model/service-routes.ts';
import type { Stack } from '../../model/stack.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';

type Settings = RouterPorts &
  Readonly<{ appsDomain: string; routerTrust: readonly string[]; acmeTermsAgreed: boolean }>;

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
  const claims = claimsIn(tx, ({ stack: other }) => other !== stack);
  for (const service of rest)
    for (const claim of claimsOf(service, settings)) claims.take(holderOf(stack, service.name), claim);
  for (const service of services) {
    for (const route of service.routes) refuseRoute(service, route, settings);
    for (const claim of claimsOf(service, settings)) {
      const holder = claims.take(holderOf(stack, service.name), claim);
      if (holder !== undefined)
        throw new BerthError('conflict', `service ${service.name}: ${claim.what} is taken by ${holder}`, {
          hint: `take it from ${holder}, or choose another one; "berth route ls" lists them`,
        });
    }
  }
  return services.flatMap((service) => [
    ...service.routes.flatMap((route) => routeWarnings(service, route, settings)),
    ...service.listeners.flatMap((listener) => listenerWarnings(service, listener, settings)),
  ]);
}

/**
 * What a balancer would have, beside services and other balancers.
 * @throws BerthError `conflict` for what another one has, by its name
 */
export function checkBalancer(tx: ReadTx, balancer: Balancer): void {
  const settings = settingsOf(tx);
  const claims = claimsIn(tx, () => true, balancer.name);
  const wildcard = balancer.listens.find((one) => one.kind === 'http' && one.domain.startsWith('*'));
  if (balancer.rules.tls === 'acme' && wildcard !== undefined)
    throw new BerthError('bad_request', `no CA takes a proof by HTTP for ${listenText(wildcard)}`, {
      hint: 'take the rule tls away, and upload a certificate: "berth cert add"',
    });
  for (const listen of balancer.listens) {
    if (listen.kind === 'tcp' && isRouters(listen.port, settings))
      throw new BerthError(
        'conflict',
        `port ${listen.port} of the ingress hosts is taken by the router, for domains`,
        { hint: 'let the balancer listen to a domain, or choose another port' },
      );
    for (const claim of listenClaims(listen)) {
      const holder = claims.take(balancerHolder(balancer.name), claim);
      if (holder !== undefined)
        throw new BerthError('conflict', `${claim.what} is taken by ${holder}`, {
          hint: `take it from ${holder}, or choose another one; "berth route ls" and "berth lb ls" list them`,
        });
    }
  }
}

const holderOf = (stack: string, name: string) => `service ${serviceKey(stack, name)}`;
const balancerHolder = (name: string) => `balancer ${name}`;

/** Of all services that count, and all balancers but that one. */
function claimsIn(tx: ReadTx, counts: (record: ServiceRecord) => boolean, but?: string): Claims {
  const settings = settingsOf(tx);
  const claims = new Claims();
  for (const record of tx.all('services'))
    if (counts(record))
      for (const claim of claimsOf(record.service, settings))
        claims.take(holderOf(record.stack, record.name), claim);
  for (const { name, listens } of tx.all('balancers'))
    if (name !== but)
      for (const claim of listens.flatMap(listenClaims)) claims.take(balancerHolder(name), claim);
  return claims;
}

function listenClaims(listen: BalancerListen): readonly Claim[] {
  if (listen.kind === 'tcp') return portClaims(listen, `port ${listen.port} of the ingress hosts`);
  return [{ what: listenText(listen), shared: false }];
}

/** In words that messages can name. */
function claimsOf({ routes, listeners }: Service, settings: Settings): Claim[] {
  const names = routes.flatMap((route) => servedName(route, settings.appsDomain) ?? []);
  const ports = listeners.filter((one) => isServed(one, settings));
  return [
    ...names.map(({ domain, path }) => ({ what: `${domain}${path === '/' ? '' : path}`, shared: false })),
    ...ports.flatMap((one) => portClaims(one, `port ${one.frontPort} of the ingress hosts`)),
  ];
}

function refuseRoute(
  { name }: Service,
  { host, path, scope, options }: Route,
  { appsDomain }: Settings,
): void {
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
  if (options?.certificate === 'acme' && host.name.startsWith('*'))
    throw refuse(
      `"${host.name}" cannot have a certificate by ACME, as no CA takes a proof by HTTP for a wildcard`,
      'leave berth.routing.tls out, and upload one: "berth cert add"',
    );
  const domain = host.kind === 'domain' ? host.name : `${host.name}.${appsDomain || 'example.com'}`;
  if (!domainSchema.safeParse(domain).success)
    throw refuse(
      `"${domain.slice(0, 80)}" is not a domain`,
      'small letters, digits and -, with dots between',
    );
}

/** At which clients ask that were given a name alone. */
const LOCAL_PORT = 80;

function routeWarnings({ name }: Service, route: Route, settings: Settings): string[] {
  const text = routeWarning(route, settings);
  return text === undefined ? [] : [ofService(name, text)];
}

function routeWarning(
  { host: { name: domain }, scheme, scope, options, port, path }: Route,
  { routerTlsPort, routerTrust, acmeTermsAgreed }: Settings,
): string | undefined {
  if (scope === 'cluster') {
    if (path !== '/') return say('services.route.direct.path', { domain, port, path });
    return port === LOCAL_PORT ? undefined : say('services.route.direct', { domain, port });
  }
  if (options?.certificate === 'acme' && !acmeTermsAgreed) return say('services.route.terms', { domain });
  if (routerTlsPort !== 0) return undefined;
  const hint = say('services.route.tls');
  if (scheme === 'https' || options?.certificate === 'acme')
    return say('services.route.plain', { domain, hint });
  if (options?.redirect?.kind === 'https' && routerTrust.length === 0)
    return say('services.route.dead', { domain, hint });
  return undefined;
}

function listenerWarnings({ name }: Service, listener: Listener, settings: Settings): string[] {
  if (isServed(listener, settings)) return [];
  const { protocol, frontPort: port } = listener;
  if (isRouters(port, settings))
    return [ofService(name, say('services.listener.routers', { port, inside: listener.port }))];
  const why = protocol === 'udp' ? say('services.listener.udp') : say('services.listener.tls');
  return [ofService(name, say('services.listener.not', { port, protocol, why }))];
}

function ofService(name: string, text: string): string {
  return say('who.says', { who: say('who.service', { name }), text });
}
