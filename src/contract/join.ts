import { z } from 'zod';
import { hostNameSchema, labelsSchema } from '../model/host.ts';

/** A host joins with `POST` here, over HTTPS, with its token for a login. */
export const JOIN_PATH = '/v1/join';
/** The cluster's CA in PEM, for anyone: a host takes it where its SHA-256 is the one in the token. */
export const CA_PATH = '/v1/ca.pem';

export const joinRequestSchema = z.object({
  /** `berth1-…`, see `link/join/token.ts`. */
  token: z.string().max(512),
  /** PKCS#10 request in PEM, for an ECDSA key on P-256. Its subject is ignored. */
  csr: z.string().max(16_384),
  name: hostNameSchema,
  labels: labelsSchema,
  machineId: z.string().min(1).max(128),
  /** The host's clock, milliseconds since the epoch. */
  now: z.number(),
});
export type JoinRequest = Readonly<z.infer<typeof joinRequestSchema>>;

export const joinAnswerSchema = z.object({
  hostId: z.string(),
  hostName: z.string(),
  /** The host's certificate and the cluster's CA, PEM. */
  certificate: z.string(),
  ca: z.string(),
  /** Port for agents, on the address that the host has joined through. */
  agentPort: z.number().int().min(1).max(65_535),
  clusterId: z.string(),
});
