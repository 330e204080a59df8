import { z } from 'zod';
import { registrySchema } from '../../model/registry-login.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const registryParams = z.strictObject({ registry: registrySchema });

/** A log-in, without what is secret of it. */
const registryLoginView = z.object({
  registry: z.string(),
  username: z.string(),
  /** `STACK/NAME` of the one service that it is for; empty: for all. */
  service: z.string(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  by: z.string(),
});
export type RegistryLoginView = z.infer<typeof registryLoginView>;

/** With what images of private registries are pulled for services. */
export const registryRoutes = {
  'registry.list': {
    method: 'GET',
    path: '/v1/registries',
    role: 'operator',
    answer: json(z.object({ logins: z.array(registryLoginView) })),
  },
  /** A host asks the registry first; kept only where that takes it. */
  'registry.login': {
    method: 'PUT',
    path: '/v1/registries/:registry',
    role: 'admin',
    action: 'registry.login',
    params: registryParams,
    body: z.strictObject({
      username: z.string().min(1).max(255),
      password: z.string().min(1).max(65_536),
      /** When the log-in that whoever asks has seen was made, null where there was none: refused where it is another by now. */
      was: z.number().nullable().optional(),
    }),
    answer: json(registryLoginView),
  },
  'registry.logout': {
    method: 'DELETE',
    path: '/v1/registries/:registry',
    role: 'admin',
    action: 'registry.logout',
    params: registryParams,
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
