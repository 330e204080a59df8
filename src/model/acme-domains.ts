import type { Balancer } from './balancer.ts';
import { routeOptionsOf } from './route-fields.ts';
import type { Service } from './service.ts';
import { servedName } from './service-routes.ts';

type Routes = Readonly<{
  services: Iterable<Pick<Service, 'routes'>>;
  balancers: Iterable<Pick<Balancer, 'listens' | 'rules'>>;
  appsDomain: string;
}>;

/** Domains of routes that want a certificate by ACME. Wildcards are none of them: a CA takes no proof by HTTP for these. */
export function acmeDomains({ services, balancers, appsDomain }: Routes): ReadonlySet<string> {
  const domains = new Set<string>();
  const take = (domain: string | undefined) => {
    if (domain !== undefined && !domain.startsWith('*')) domains.add(domain);
  };
  for (const { routes } of services)
    for (const route of routes)
      if (route.options?.certificate === 'acme') take(servedName(route, appsDomain)?.domain);
  for (const { listens, rules } of balancers)
    if (rules.tls !== undefined && routeOptionsOf((field) => rules[field]).options.certificate === 'acme')
      for (const listen of listens) if (listen.kind === 'http') take(listen.domain);
  return domains;
}
