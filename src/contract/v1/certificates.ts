import { z } from 'zod';
import { acmeCertificateSchema } from '../../model/acme.ts';
import { CLUSTER_CERTIFICATE } from '../../model/certificate.ts';
import { domainSchema, routerNameSchema } from '../../model/router.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const viewSchema = z.object({
  name: z.string(),
  /** `upload`, `cluster` (of the cluster's own CA), or `acme`. */
  source: z.string(),
  domains: z.array(z.string()),
  /** What routers show; absent where there is none yet. */
  shown: z
    .object({
      /** Milliseconds. */
      notBefore: z.number(),
      notAfter: z.number(),
      /** SHA-256 of the certificate, hexadecimal. */
      fingerprint: z.string(),
    })
    .optional(),
  /** Of one that is had by ACME. */
  acme: z
    .object({
      wantedBy: acmeCertificateSchema.shape.wantedBy,
      /** An order is under way. */
      ordered: z.boolean(),
      failures: z.number(),
      /** Milliseconds; absent where nobody wants it any more. */
      nextAt: z.number().optional(),
    })
    .optional(),
  /** What is worth an eye, with what to do, in one line; empty where nothing is. */
  worry: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
});
export type CertificateView = z.infer<typeof viewSchema>;

const nameSchema = routerNameSchema.refine((name) => name !== CLUSTER_CERTIFICATE, {
  error: `${CLUSTER_CERTIFICATE} is the name of the cluster's own one`,
});
const params = z.strictObject({ certificate: nameSchema });
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
    body: z.strictObject({
      ...{ chain: pem, key: pem },
      /** Fingerprint of the one that whoever asks has seen, null where there was none: refused where it is another by now. */
      was: z.string().max(64).nullable().optional(),
    }),
    answer: json(viewSchema),
  },
  /** By ACME. Where there is one that is good, nothing is ordered; where the last attempt failed, another one is made. */
  'certificate.issue': {
    method: 'POST',
    path: '/v1/certificates',
    role: 'operator',
    action: 'certificate.issue',
    body: z.strictObject({
      /** After the first domain, where it is left out. */
      name: nameSchema.optional(),
      domains: z
        .array(
          domainSchema.refine((domain) => !domain.startsWith('*'), {
            error: (issue) =>
              `"${String(issue.input)}": no CA takes a proof by HTTP for a wildcard: name its domains, or upload a certificate`,
          }),
        )
        .min(1)
        .max(100),
    }),
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
