import type { CertificateView, certificateRoutes } from '../../contract/v1/certificates.ts';
import { BerthError } from '../../kit/errors.ts';
import { type CertificateRecord, certificatePurpose } from '../../model/certificate.ts';
import { readUpload } from '../routing/read-upload.ts';
import type { Handlers } from './handler.ts';

/** All of them have to go to each router in one message. */
const MAX_CERTIFICATES = 500;

export const certificateHandlers: Handlers<keyof typeof certificateRoutes> = {
  'certificate.list': ({ deps }) =>
    deps.store.view((tx) => ({
      certificates: [...tx.all('certificates')].map(viewOf).sort((a, b) => (a.name < b.name ? -1 : 1)),
    })),

  'certificate.put': ({ deps, params: { certificate: name }, body, principal, about }) => {
    about(name);
    const now = deps.clock.now();
    const { pem, ...known } = readUpload(body.chain, body.key, now);
    const record: CertificateRecord = {
      ...{ kind: 'certificate', name, source: 'upload', ...known },
      sealed: deps.vault.vault.seal(pem, certificatePurpose({ name })),
      ...{ createdAt: now, createdBy: principal.user },
    };
    return deps.store.update((tx) => {
      if (tx.get('certificates', name) === undefined && tx.count('certificates') >= MAX_CERTIFICATES)
        throw new BerthError(
          'conflict',
          `there are ${MAX_CERTIFICATES} certificates, which is as many as may be`,
        );
      tx.put('certificates', record);
      return viewOf(record);
    });
  },

  'certificate.delete': ({ deps, params: { certificate: name }, about }) => {
    about(name);
    return deps.store.update((tx) => {
      if (!tx.delete('certificates', name))
        throw new BerthError('not_found', `there is no certificate "${name}"`, {
          hint: '"berth cert ls" lists them',
        });
      return {};
    });
  },
};

function viewOf({ kind: _, sealed: __, ...rest }: CertificateRecord): CertificateView {
  return rest;
}
