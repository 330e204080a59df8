import { z } from 'zod';
import { CA_PATH, JOIN_PATH, joinAnswerSchema, joinRequestSchema } from '../join.ts';
import { json, type RouteSpec } from './route.ts';

/** What a new host needs before it has an identity. Nothing here is secret but what the host sends. */
export const joiningRoutes = {
  /** Lets a host in: its token is its log-in. */
  'join.host': {
    method: 'POST',
    path: JOIN_PATH,
    role: 'public',
    action: 'node.join',
    body: z.strictObject(joinRequestSchema.shape),
    answer: json(joinAnswerSchema),
  },
  /** The cluster's CA certificate, PEM. */
  'join.ca': {
    method: 'GET',
    path: CA_PATH,
    role: 'public',
    answer: { type: 'text', contentType: 'application/x-pem-file' },
  },
  /** POSIX shell script that the one-line join command runs. */
  'join.script': {
    method: 'GET',
    path: '/v1/join.sh',
    role: 'public',
    answer: { type: 'text', contentType: 'text/x-shellscript; charset=utf-8' },
  },
  /** The agent as one executable file; its SHA-256 in the header `berth-sha256`. */
  'join.agent': {
    method: 'GET',
    path: '/v1/agent/linux-x64',
    role: 'public',
    answer: { type: 'stream', contentType: 'application/octet-stream' },
  },
} as const satisfies Record<string, RouteSpec>;
