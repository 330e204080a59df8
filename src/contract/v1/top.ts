import { z } from 'zod';
import { CONTAINER_ROW, HOST_ROW } from '../../model/figures.ts';
import { nodeParamsSchema } from './nodes.ts';
import { json, queryNumber, type RouteSpec } from './route.ts';

/** What can be put first: what uses most of it, or begins with an A. `network` and `disk` are both directions. */
export const CONTAINER_ORDERS = ['cpu', 'memory', 'network', 'disk', 'pids', 'name'] as const;
export const HOST_ORDERS = ['cpu', 'memory', 'network', 'disk', 'load', 'name'] as const;
/** So many rows at the most in an answer. */
export const MOST_ROWS = 1_000;

const figure = z.number().nullable();

function figures<const N extends string>(names: readonly N[]) {
  return z.object(Object.fromEntries(names.map((name) => [name, figure])) as Record<N, typeof figure>);
}

const name = z.string().min(1).max(256);
const limit = queryNumber.pipe(z.number().min(1).max(MOST_ROWS)).optional();

/** Figures by the names of `model/figures.ts`; null where one is not known. A limit of 0 is all there is. */
const containerSchema = figures(CONTAINER_ROW).extend({
  id: z.string(),
  name: z.string(),
  /** Its host's name. */
  host: z.string(),
  /** Empty where it belongs to no service. */
  stack: z.string(),
  service: z.string(),
});
export type TopContainer = z.infer<typeof containerSchema>;

const hostSchema = figures(HOST_ROW).extend({ id: z.string(), name: z.string() });
export type TopHost = z.infer<typeof hostSchema>;

export const topRoutes = {
  /** What containers use now, those that use most first. */
  'top.containers': {
    method: 'GET',
    path: '/v1/top/containers',
    role: 'viewer',
    query: z
      .strictObject({
        order: z.enum(CONTAINER_ORDERS).optional(),
        limit,
        /** Of these alone: IDs, with commas between. */
        ids: z.string().min(1).max(8192).optional(),
        node: nodeParamsSchema.shape.node.optional(),
        stack: name.optional(),
        service: name.optional(),
      })
      .refine(({ stack, service }) => service === undefined || stack !== undefined, {
        error: 'a service is named with its stack',
        path: ['stack'],
      }),
    answer: json(
      z.object({
        containers: z.array(containerSchema),
        /** How many there are, of which these are the first. */
        measured: z.number(),
      }),
    ),
  },
  /** What hosts use now, all processes of theirs. */
  'top.hosts': {
    method: 'GET',
    path: '/v1/top/nodes',
    role: 'viewer',
    query: z.strictObject({ order: z.enum(HOST_ORDERS).optional(), limit }),
    answer: json(
      z.object({
        hosts: z.array(hostSchema),
        measured: z.number(),
        /** Names of those that have told nothing of late. */
        silent: z.array(z.string()),
      }),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
