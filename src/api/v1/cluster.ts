import { certificateInfo, issueUserCertificate } from '../../link/index.ts';
import { listAudit } from '../auth/audit-log.ts';
import { roleFor, subjectOf } from './api-tokens.ts';
import type { ChangeFeed } from './change-feed.ts';
import { hostPort } from './deps.ts';
import type { Handlers } from './handler.ts';
import { makePlan } from './plan.ts';
import { clusterStatus } from './status.ts';

const PAGE = 100;

export function clusterHandlers(
  changes: ChangeFeed,
): Handlers<
  'cluster.status' | 'audit.list' | 'plan.make' | 'events.list' | 'events.watch' | 'bundle.create'
> {
  return {
    'cluster.status': ({ deps, query }) => deps.store.view((tx) => clusterStatus(tx, deps, query.warnings)),

    'audit.list': ({ deps, query }) =>
      deps.store.view((tx) => listAudit(tx, { ...query, limit: query.limit ?? PAGE })),

    'plan.make': ({ deps, body }) => makePlan(deps.store, deps.placer, body, deps.clock.now()),

    'events.list': ({ query }) => changes.past({ ...query, limit: query.limit ?? PAGE }),

    'events.watch': () => changes,

    'bundle.create': async ({ deps, body, principal, about }) => {
      const user = deps.store.view((tx) => subjectOf(tx, principal, body.user));
      about(user.name);
      const role = roleFor(user, principal);
      const { certificate, key } = await issueUserCertificate(
        deps.ca,
        { name: user.name, role },
        deps.clock.now(),
      );
      return {
        user: user.name,
        role,
        dockerHost: `tcp://${hostPort(deps.address, deps.dockerPort)}`,
        ca: deps.ca.certificate,
        cert: certificate,
        key,
        expiresAt: certificateInfo(certificate).notAfter,
      };
    },
  };
}
