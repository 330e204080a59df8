import { z } from 'zod';
import { CLUSTER_CERTIFICATE } from '../../model/certificate.ts';
import { routerNameSchema } from '../../model/router.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const viewSchema = z.object({
  name: z.string(),
  /** `upload`, or `cluster`: of the cluster's own CA. */
  source: z.string(),
  domains: z.array(z.string()),
  /** Milliseconds. */
  notBefore: z.number(),
  notAfter: z.number(),
  /** SHA-256 of the certificate, hexadecimal. */
  fingerprint: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
});
export type CertificateView = z.infer<typeof viewSchema>;

const params = z.strictObject({
  certificate: routerNameSchema.refine((name) => name !== CLUSTER_CERTIFICATE, {
    error: `${CLUSTER_CERTIFICATE} is the name of the cluster's own one`,
  }),
});
const pem = z.string().min(1).max(100_000);

/** Certificates that routers show. Nothing that is answered has a key in it. */
export const certificateRoutes = {
  'certificate.list': {
    method: 'GET',
    path: '/v1/certificates',
    role: 'viewer',
    answer: json(z.object({ certificates: z.array(viewSchema) })),
  },
  /** In place of the one of that name, where there is one. */
  'certificate.put': {
    method: 'PUT',
    path: '/v1/certificates/:certificate',
    role: 'operator',
    action: 'certificate.put',
    params,
    body: z.strictObject({ chain: pem, key: pem }),
    answer: json(viewSchema),
  },
  'certificate.delete': {
    method: 'DELETE',
    path: '/v1/certificates/:certificate',
    role: 'operator',
    action: 'certificate.delete',
    params,
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
