import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type RouterBase, type RouterChange, routerBaseSchema } from '../../contract/link.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import {
  type Certificate,
  type Challenge,
  certificateSchema,
  challengeSchema,
  type HttpRoute,
  httpRouteSchema,
  type RouterState,
  type TcpRoute,
  tcpRouteSchema,
} from '../../model/router.ts';
import { replaceFile } from '../replace-file.ts';

/** What the router of this host is to be. Routes that have not changed stay the same objects. */
export type WantedRouter = Readonly<{
  base: RouterBase;
  certificates: readonly Certificate[];
  challenges: readonly Challenge[];
  http: ReadonlyMap<string, HttpRoute>;
  tcp: ReadonlyMap<string, TcpRoute>;
}>;

const FILE = 'router.json';
const recordSchema = z.object({
  hostId: z.string(),
  base: routerBaseSchema,
  http: z.array(httpRouteSchema),
  tcp: z.array(tcpRouteSchema),
  /** Of an agent that knew none it is left out. */
  certificates: z.array(certificateSchema).default([]),
  challenges: z.array(challengeSchema).default([]),
});

const NONE: Omit<WantedRouter, 'base'> = {
  http: new Map(),
  tcp: new Map(),
  certificates: [],
  challenges: [],
};

export function changedRouter(before: WantedRouter | undefined, change: RouterChange): WantedRouter {
  const { whole, base, drop, keep } = change;
  const known = before ?? NONE;
  const stays = (id: string) => (whole ? keep.includes(id) : !drop.includes(id));
  const http = new Map([...known.http].filter(([id]) => stays(id)));
  const tcp = new Map([...known.tcp].filter(([id]) => stays(id)));
  for (const route of change.http) http.set(route.id, route);
  for (const route of change.tcp) tcp.set(route.id, route);
  const { certificates = known.certificates, challenges = known.challenges } = change;
  return { base, http, tcp, certificates, challenges };
}

export function routerStateOf({ base, http, tcp, certificates, challenges }: WantedRouter): RouterState {
  const { entries, cookieKey, drainSeconds, defaultCertificate } = base;
  return {
    ...{ kind: 'router', entries, cookieKey, drainSeconds, certificates: [...certificates], pages: {} },
    ...(defaultCertificate === undefined ? {} : { defaultCertificate }),
    ...(base.acme === true ? { challenges } : {}),
    routes: [...http.values()],
    tcpRoutes: [...tcp.values()],
  };
}

/** Kept on the disk, so that a host goes on with its router when the agent starts again without a manager. */
export async function readRouter(
  folder: string,
  hostId: string,
  logger: Logger,
): Promise<WantedRouter | undefined> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(join(folder, FILE), 'utf8')));
    if (record.hostId !== hostId) return undefined;
    const byId = <R extends { readonly id: string }>(routes: readonly R[]) =>
      new Map(routes.map((route) => [route.id, route]));
    const { base, certificates, challenges } = record;
    return { base, certificates, challenges, http: byId(record.http), tcp: byId(record.tcp) };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn(
        { error: messageOf(thrown) },
        'what the router was is not to be read: it waits for the manager',
      );
    return undefined;
  }
}

/** @throws the file system's error */
export async function writeRouter(
  folder: string,
  hostId: string,
  wanted: WantedRouter | undefined,
): Promise<void> {
  if (wanted === undefined) {
    await rm(join(folder, FILE), { force: true });
    return;
  }
  const { http, tcp, ...rest } = wanted;
  const record = { hostId, ...rest, http: [...http.values()], tcp: [...tcp.values()] };
  await replaceFile(folder, FILE, JSON.stringify(record));
}
