import { type AcmeCertificate, endsSoon } from './acme.ts';
import type { CertificateRecord } from './certificate.ts';

type Known = Readonly<{
  /** What routers show. */
  shown?: Pick<CertificateRecord, 'source' | 'notBefore' | 'notAfter'> | undefined;
  acme?: Pick<AcmeCertificate, 'error' | 'wantedBy'> | undefined;
}>;

/** What is worth an eye of a certificate, with what to do, in one line; empty where nothing is. */
export function certificateWorry(name: string, { shown, acme }: Known, now: number): string {
  // What its CA has said last matters to nobody then.
  const error = acme === undefined || acme.wantedBy === 'nobody' ? '' : acme.error;
  if (shown === undefined) return error === '' ? '' : `certificate ${name} is not issued: ${error}`;
  const day = new Date(shown.notAfter).toISOString().slice(0, 16).replace('T', ' ');
  const about = shown.notAfter <= now ? `has ended, at ${day}` : `ends at ${day}`;
  if (!endsSoon(shown, now))
    return error === '' ? '' : `certificate ${name} is not renewed (it ${about}): ${error}`;
  return `certificate ${name} ${about}: ${error || todoOf(name, shown.source, acme)}`;
}

function todoOf(name: string, source: CertificateRecord['source'], acme: Known['acme']): string {
  if (source === 'upload') return `give a newer one, "berth cert add ${name}"`;
  if (acme?.wantedBy === 'nobody') return `nothing wants it any more: "berth cert rm ${name}"`;
  return 'it is about to be renewed';
}
