import { z } from 'zod';
import {
  basicAuthSchema,
  headersSchema,
  poolSchema,
  type Redirect,
  type RouteRules,
  redirectSchema,
  routeRulesSchema,
  secondsSchema,
} from './router.ts';

/** What a user may say of how a route treats requests; what is left out is as without it. */
export const routeOptionsSchema = z.strictObject({
  rewrite: routeRulesSchema.shape.rewrite,
  /** `port` of a redirect to https is the cluster's own, whatever stands there. */
  redirect: redirectSchema.optional(),
  request: headersSchema.optional(),
  response: headersSchema.optional(),
  auth: basicAuthSchema.optional(),
  allow: routeRulesSchema.shape.allow.optional(),
  deny: routeRulesSchema.shape.deny.optional(),
  rateLimit: routeRulesSchema.shape.rateLimit,
  /** Bytes. */
  bodyLimit: routeRulesSchema.shape.bodyLimit,
  /** Until a container answers. */
  responseSeconds: secondsSchema.optional(),
  /** Without a byte in either direction on an upgraded connection. */
  tunnelSeconds: secondsSchema.optional(),
  gzip: z.boolean().optional(),
  /** What the containers speak. */
  protocol: poolSchema.shape.protocol.optional(),
  tls: poolSchema.shape.tls.optional(),
  proxyProtocol: z.boolean().optional(),
  /** Where its domains have their certificates from, other than from users or the cluster's CA. */
  certificate: z.enum(['acme']).optional(),
});
export type RouteOptions = Readonly<z.infer<typeof routeOptionsSchema>>;

/** As the router's configuration has them where a route says nothing. */
const TIMES = { responseSeconds: 60, tunnelSeconds: 3_600 };

/**
 * Rules of a router's route.
 * @param tlsPort where clients reach the router over TLS
 */
export function rulesOf(options: RouteOptions, tlsPort: number): RouteRules {
  const { rewrite, redirect, request, response, auth, rateLimit, bodyLimit } = options;
  const { responseSeconds, tunnelSeconds } = options;
  const timed = responseSeconds !== undefined || tunnelSeconds !== undefined;
  return {
    ...{ allow: options.allow ?? [], deny: options.deny ?? [], gzip: options.gzip ?? false },
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(redirect === undefined ? {} : { redirect: atPort(redirect, tlsPort) }),
    ...(request === undefined ? {} : { request }),
    ...(response === undefined ? {} : { response }),
    ...(auth === undefined ? {} : { auth }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    ...(timed
      ? {
          timeouts: {
            responseSeconds: responseSeconds ?? TIMES.responseSeconds,
            tunnelSeconds: tunnelSeconds ?? TIMES.tunnelSeconds,
          },
        }
      : {}),
  };
}

function atPort(redirect: Redirect, port: number): Redirect {
  return redirect.kind === 'https' ? { ...redirect, port } : redirect;
}

/** What a pool of a route is beside its servers. */
export function wayOf({
  protocol,
  tls,
  proxyProtocol,
}: Pick<RouteOptions, 'protocol' | 'tls' | 'proxyProtocol'>) {
  return {
    protocol: protocol ?? 'http1',
    tls: tls ?? { kind: 'none' },
    proxyProtocol: proxyProtocol ?? false,
  } as const;
}
