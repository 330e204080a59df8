import { expect, it } from 'vitest';
import type { Balancer } from '../../model/balancer.ts';
import type { Service } from '../../model/service.ts';
import { newMemoryStore } from '../../store/index.ts';
import { checkBalancer, checkRoutes } from './check-routes.ts';

const refusal = (name: string, options: object) => {
  const host = { kind: 'domain', name };
  const route = { kind: 'route', port: 80, host, path: '/', scheme: 'http', scope: 'public', options };
  const web = { name: 'web', listeners: [], routes: [route] } as unknown as Service;
  return () => newMemoryStore().view((tx) => checkRoutes(tx, { name: 'shop', services: [web] }));
};

it('refuses what is no domain, and a wildcard for which no CA gives a certificate', () => {
  const acme = { certificate: 'acme' };
  const bad = expect.objectContaining({ code: 'bad_request' });
  expect(refusal('a.example.com', acme)).not.toThrow();
  expect(refusal('*.example.com', {})).not.toThrow();
  expect(refusal('*.example.com', acme)).toThrow(bad);
  expect(refusal('-a.example.com', {})).toThrow(bad);
  const balancer = (domain: string) =>
    ({
      name: 'crm',
      rules: { tls: 'acme' },
      listens: [{ kind: 'http', domain, path: '/' }],
    }) as unknown as Balancer;
  const check = (domain: string) => () => newMemoryStore().view((tx) => checkBalancer(tx, balancer(domain)));
  expect(check('a.example.com')).not.toThrow();
  expect(check('*.example.com')).toThrow(bad);
});
