import { BerthError } from '../../../kit/errors.ts';
import type { DockerRoute } from '../call.ts';
import { sendJson } from '../json.ts';
import { auth } from './auth.ts';
import { diskUsage } from './disk-usage.ts';
import { events } from './events.ts';
import { versionAnswer } from './identity.ts';
import { info } from './info.ts';
import { ping } from './ping.ts';

/** The cluster as one engine. */
export const SYSTEM_ROUTES: readonly DockerRoute[] = [
  { method: 'GET', pattern: '/_ping', role: 'viewer', handle: ping },
  { method: 'HEAD', pattern: '/_ping', role: 'viewer', handle: ping },
  {
    method: 'GET',
    pattern: '/version',
    role: 'viewer',
    handle: async ({ deps, res }) => sendJson(res, 200, versionAnswer(deps)),
  },
  { method: 'GET', pattern: '/info', role: 'viewer', handle: info },
  { method: 'GET', pattern: '/events', role: 'viewer', handle: events },
  {
    // `docker inspect X` asks for everything that X could be, and goes on only where there is no such thing.
    ...{ method: 'GET', pattern: '/plugins/:name*/json', role: 'viewer' },
    handle: async ({ params }) => {
      throw new BerthError('not_found', `plugin "${params.name}" not found`);
    },
  },
  { method: 'GET', pattern: '/system/df', role: 'viewer', handle: diskUsage },
  // A log-in is checked, nothing is changed; but it makes a host's engine call out, which a viewer may not.
  { method: 'POST', pattern: '/auth', role: 'operator', handle: auth },
];
