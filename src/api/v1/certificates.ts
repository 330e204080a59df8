import type { CertificateView, certificateRoutes } from '../../contract/v1/certificates.ts';
import { BerthError } from '../../kit/errors.ts';
import { type AcmeCertificate, nameFor, renewalAt } from '../../model/acme.ts';
import { type CertificateRecord, certificatePurpose } from '../../model/certificate.ts';
import { certificateWorry } from '../../model/certificate-worry.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import { readUpload } from '../routing/read-upload.ts';
import { refuseOtherCertificate } from './as-seen.ts';
import type { Handlers } from './handler.ts';

/** All of them have to go to each router in one message. */
const MAX_CERTIFICATES = 500;

export const certificateHandlers: Handlers<keyof typeof certificateRoutes> = {
  'certificate.list': ({ deps }) =>
    deps.store.view((tx) => {
      const names = new Set(
        [...tx.all('certificates'), ...tx.all('acmeCertificates')].map(({ name }) => name),
      );
      return { certificates: [...names].sort().map((name) => viewOf(tx, name, deps.clock.now())) };
    }),

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
      if (tx.get('acmeCertificates', name) !== undefined)
        throw new BerthError('conflict', `certificate ${name} is had by ACME`, {
          hint: `give yours another name, or take that one away first: "berth cert rm ${name}"`,
        });
      const before = tx.get('certificates', name);
      refuseOtherCertificate(name, before, body.was);
      if (before === undefined) refuseMore(tx);
      tx.put('certificates', record);
      return viewOf(tx, name, now);
    });
  },

  'certificate.issue': ({ deps, body, principal, about }) => {
    const domains = [...new Set(body.domains)];
    const name = body.name ?? nameFor(domains[0] ?? '');
    about(name);
    const now = deps.clock.now();
    return deps.store.update((tx) => {
      refuseIssue(tx, name, now);
      const known = tx.get('acmeCertificates', name);
      if (known === undefined) refuseMore(tx);
      const record: AcmeCertificate = {
        ...(known ?? { kind: 'acme-certificate', name, createdAt: now, createdBy: principal.user }),
        ...{ domains, wantedBy: 'command', failures: 0, error: '', retryAt: 0, limited: false },
      };
      tx.put('acmeCertificates', record);
      return viewOf(tx, name, now);
    });
  },

  'certificate.delete': ({ deps, params: { certificate: name }, about }) => {
    about(name);
    return deps.store.update((tx) => {
      const acme = tx.get('acmeCertificates', name);
      if (acme?.wantedBy === 'routes')
        throw new BerthError('conflict', `certificate ${name} is for routes that want one by ACME`, {
          hint: 'take the label berth.routing.tls (or the rule tls of the balancer) away first',
        });
      const shown = tx.delete('certificates', name);
      if (!tx.delete('acmeCertificates', name) && !shown)
        throw new BerthError('not_found', `there is no certificate "${name}"`, {
          hint: '"berth cert ls" lists them',
        });
      return {};
    });
  },
};

function refuseMore(tx: ReadTx): void {
  if (tx.count('certificates') >= MAX_CERTIFICATES)
    throw new BerthError(
      'conflict',
      `there are ${MAX_CERTIFICATES} certificates, which is as many as may be`,
    );
}

function refuseIssue(tx: ReadTx, name: string, now: number): void {
  const { acmeTermsAgreed, acmeDirectory } = settingsOf(tx);
  if (!acmeTermsAgreed)
    throw new BerthError('conflict', `nobody has agreed to the terms of the CA at ${acmeDirectory}`, {
      hint: 'read them, then "berth settings set acmeTermsAgreed=true acmeContact=you@example.com"',
    });
  const shown = tx.get('certificates', name);
  if (shown !== undefined && shown.source !== 'acme')
    throw new BerthError('conflict', `there is a certificate ${name} that is not had by ACME`, {
      hint: 'name another one with --name, or take it away first',
    });
  const known = tx.get('acmeCertificates', name);
  if (known?.limited === true && known.retryAt > now)
    throw new BerthError(
      'too_many_requests',
      `the CA asks to be left alone with ${name} until ${new Date(known.retryAt).toISOString()}: ${known.error}`,
      { hint: 'it is tried again by itself then' },
    );
}

function viewOf(tx: ReadTx, name: string, now: number): CertificateView {
  const shown = tx.get('certificates', name);
  const acme = tx.get('acmeCertificates', name);
  const { createdAt = 0, createdBy = '' } = acme ?? shown ?? {};
  return {
    ...{ name, source: acme === undefined ? (shown?.source ?? 'upload') : 'acme', createdAt, createdBy },
    domains: [...(acme?.domains ?? shown?.domains ?? [])],
    worry: certificateWorry(name, { shown, acme }, now),
    ...(shown === undefined
      ? {}
      : { shown: { notBefore: shown.notBefore, notAfter: shown.notAfter, fingerprint: shown.fingerprint } }),
    ...(acme === undefined ? {} : { acme: acmeOf(acme, shown) }),
  };
}

function acmeOf(
  { wantedBy, order, failures, retryAt, domains }: AcmeCertificate,
  shown: CertificateRecord | undefined,
): NonNullable<CertificateView['acme']> {
  const isGood = shown !== undefined && domains.every((domain) => shown.domains.includes(domain));
  const nextAt = Math.max(retryAt, isGood && order === undefined ? renewalAt(shown) : 0);
  return {
    ...{ wantedBy, ordered: order !== undefined, failures },
    ...(wantedBy === 'nobody' ? {} : { nextAt }),
  };
}
