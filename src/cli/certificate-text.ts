import type { CertificateView } from '../contract/v1/certificates.ts';
import type { StyleName } from './terminal/style.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** `2027-03-01 (91 days)`; of one that ends within two days, in hours. */
export function endText({ shown }: CertificateView, now: number): string {
  if (shown === undefined) return 'not issued yet';
  const left = shown.notAfter - now;
  const day = new Date(shown.notAfter).toISOString().slice(0, 10);
  const about =
    left < 2 * DAY_MS ? `${Math.floor(left / HOUR_MS)} hours` : `${Math.floor(left / DAY_MS)} days`;
  return `${day} (${about})`;
}

export function endStyle({ shown, worry }: CertificateView, now: number): StyleName {
  if (worry !== '' || (shown !== undefined && shown.notAfter < now)) return 'red';
  return shown === undefined ? 'yellow' : 'green';
}

/** What becomes of it next. */
export function nextText({ acme, worry }: CertificateView, now: number): string {
  if (acme === undefined) return '';
  if (acme.nextAt === undefined) return 'nobody wants it: not renewed';
  if (acme.nextAt <= now) return acme.ordered ? 'is ordered' : 'about to be ordered';
  const at = new Date(acme.nextAt).toISOString().slice(0, 16).replace('T', ' ');
  return worry === '' ? `renewed ${at}` : `tried again ${at}`;
}
