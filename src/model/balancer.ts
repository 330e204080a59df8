import { z } from 'zod';
import { digestOf } from '../kit/digest.ts';
import { CONTAINER_NAME } from './container.ts';
import { normalIp } from './ip.ts';
import { ROUTE_FIELDS, routeOptionsOf } from './route-fields.ts';
import { rulesOf, wayOf } from './route-options.ts';
import {
  domainSchema,
  type NamedServer,
  type PoolServer,
  pathSchema,
  poolSchema,
  routerNameSchema,
} from './router.ts';
import { clientTlsPort, isRouters, type RouterPorts, type ServedRoutes } from './service-routes.ts';

const port = z.number().int().min(1).max(65_535);

/** `lb` in commands: letters, digits and -. */
export const balancerNameSchema = routerNameSchema.refine((name) => /^[a-z0-9-]{1,40}$/.test(name), {
  error: (issue) => `"${String(issue.input)}" is no name of a balancer: up to 40 small letters, digits and -`,
});

/**
 * Where requests go: a container of the cluster or of one of its hosts by name, an address anywhere, or a name that ingress
 * hosts look up.
 */
export const balancerTargetSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('container'),
    name: z.string().regex(CONTAINER_NAME, {
      error: (issue) => `"${String(issue.input)}" is no name of a container`,
    }),
    /** Of the container. */
    port,
    /** Share of new requests in relation to the others; with 0 only those with its cookie. */
    weight: z.number().int().min(0).max(100),
  }),
  z.strictObject({
    kind: z.literal('address'),
    address: z
      .string()
      .refine((text) => normalIp(text) !== undefined, {
        error: (issue) => `"${String(issue.input)}" is not an IP address`,
      })
      .transform((text) => normalIp(text) ?? text),
    port,
    weight: z.number().int().min(0).max(100),
  }),
  z.strictObject({
    kind: z.literal('name'),
    host: domainSchema.refine((name) => !name.startsWith('*'), { error: 'a target is no wildcard' }),
    port,
    weight: z.number().int().min(0).max(100),
  }),
]);
export type BalancerTarget = Readonly<z.infer<typeof balancerTargetSchema>>;

/** Under what clients reach it: a domain with a path, or a port of the ingress hosts (of TLS names alone, where it has some). */
export const balancerListenSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('http'), domain: domainSchema, path: pathSchema }),
  z.strictObject({ kind: z.literal('tcp'), port, names: z.array(domainSchema).max(200) }),
]);
export type BalancerListen = Readonly<z.infer<typeof balancerListenSchema>>;

export const balancerCheckSchema = poolSchema.shape.check.unwrap();

export const balancerSchema = z.object({
  kind: z.literal('balancer'),
  name: balancerNameSchema,
  targets: z.array(balancerTargetSchema).max(500),
  listens: z.array(balancerListenSchema).max(200),
  /** `ROUTE_FIELDS`, as they were written. */
  rules: z.record(z.string(), z.string().max(100_000)),
  /** Requests with the same cookie go to the same target. */
  sticky: z.boolean(),
  /** How routers see whether a target answers; left out: only by trying. */
  check: balancerCheckSchema.optional(),
  /** Milliseconds. */
  createdAt: z.number(),
  createdBy: z.string(),
});
export type Balancer = Readonly<z.infer<typeof balancerSchema>>;

/** `web:80`, `192.0.2.1:80`, `[2001:db8::1]:80`, `dns:crm.example.com:80`. */
export function targetText(target: BalancerTarget): string {
  if (target.kind === 'container') return `${target.name}:${target.port}`;
  if (target.kind === 'name') return `dns:${target.host}:${target.port}`;
  const host = target.address.includes(':') ? `[${target.address}]` : target.address;
  return `${host}:${target.port}`;
}

/** `shop.example.com/api`, `:5432`, `:8443 a.example.com`. */
export function listenText(listen: BalancerListen): string {
  if (listen.kind === 'http') return `${listen.domain}${listen.path === '/' ? '' : listen.path}`;
  return [`:${listen.port}`, ...listen.names].join(' ');
}

/** What is wrong with the rules, in a sentence. */
export function ruleProblem(rules: Balancer['rules']): string | undefined {
  const unknown = Object.keys(rules).find((field) => !Object.hasOwn(ROUTE_FIELDS, field));
  if (unknown !== undefined)
    return `"${unknown.slice(0, 80)}" is no rule: there are ${Object.keys(ROUTE_FIELDS).join(', ')}`;
  const [problem] = routeOptionsOf((field) => rules[field]).problems;
  return problem === undefined ? undefined : `${problem.field}: ${problem.message}`;
}

/** Whose address the manager knows. */
export type ReachedTarget = Exclude<BalancerTarget, { kind: 'name' }>;

/** So long a browser stays with a target: without a request, and in all. */
const STICKY = { idleSeconds: 1_800, lifeSeconds: 28_800 };

/**
 * The balancer's part of a router's state.
 * @param wayTo where a target is reached, and whether it is leaving; undefined where it is not
 */
export function balancerRoutes(
  balancer: Balancer,
  wayTo: (target: ReachedTarget) => Pick<PoolServer, 'address' | 'port' | 'state'> | undefined,
  ports: RouterPorts,
): ServedRoutes {
  const { name, listens, rules, sticky, check } = balancer;
  const { options } = routeOptionsOf((field) => rules[field]);
  const servers = new Map<string, PoolServer>();
  const named = new Map<string, NamedServer>();
  for (const target of balancer.targets) {
    if (target.kind === 'name') {
      const { host, port: at, weight } = target;
      const state = weight === 0 ? 'drain' : 'ready';
      named.set(targetText(target), { host, port: at, weight: Math.max(1, weight), state });
      continue;
    }
    const way = wayTo(target);
    if (way === undefined) continue;
    const state = way.state === 'ready' && target.weight === 0 ? 'drain' : way.state;
    const key = `${way.address} ${way.port}`;
    if (servers.get(key)?.state !== 'ready')
      servers.set(key, { ...way, weight: Math.max(1, target.weight), state });
  }
  const pools = [
    {
      ...{ id: 'targets', weight: 100, servers: [...servers.values()], ...wayOf(options) },
      ...(named.size === 0 ? {} : { named: [...named.values()] }),
      ...(check === undefined ? {} : { check }),
    },
  ];
  const id = (what: string) => `lb.${name}-${digestOf(['balancer', name, what]).slice(0, 8)}`;
  const names = listens.flatMap((one) =>
    one.kind === 'http' ? [{ domain: one.domain, path: one.path }] : [],
  );
  const cookie = `berth-${id('').slice(-8)}`;
  return {
    http:
      names.length === 0
        ? []
        : [
            {
              ...{ kind: 'http-route', id: id(''), names, pools, canary: [] },
              rules: {
                ...rulesOf(options, clientTlsPort(ports)),
                ...(sticky ? { sticky: { cookie, ...STICKY } } : {}),
              },
            },
          ],
    tcp: listens.flatMap((one) =>
      one.kind === 'tcp' && !isRouters(one.port, ports)
        ? [{ kind: 'tcp-route' as const, id: id(listenText(one)), port: one.port, names: one.names, pools }]
        : [],
    ),
  };
}
