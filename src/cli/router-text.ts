import type { RouteOutput } from '../contract/v1/route.ts';
import type { Routes } from '../contract/v1/routes.ts';
import { saidByHosts } from '../model/said-by-hosts.ts';

type Ingress = RouteOutput<Routes['route.list']>['ingress'];

/** A sentence for each reason for which ingress hosts serve no routes. */
export function routerTexts(ingress: Ingress): readonly string[] {
  const idle = ingress.filter(({ serving, error }) => error !== '' || !serving);
  return saidByHosts(
    idle.map(({ host, error }) => [host, error === '' ? 'the router does not serve yet' : error]),
  ).map(({ who, text }) => `${who}: ${text}`);
}
