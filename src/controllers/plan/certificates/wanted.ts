import { type AcmeCertificate, nameFor } from '../../../model/acme.ts';
import { covers } from '../../../model/certificate.ts';

/** What routes want, and what there is. */
type Wanted = Readonly<{
  /** Domains of routes that want a certificate by ACME. */
  domains: Iterable<string>;
  known: readonly AcmeCertificate[];
  now: number;
}>;

/**
 * One certificate for each domain that routes want, unless users have one of theirs for it: a domain that the CA refuses
 * keeps no other one from its own. What nobody wants any more is kept as it is, but not renewed: who takes a route away
 * and puts it back is given no new one for it.
 * @returns the records to write
 */
export function wantedCertificates({ domains, known, now }: Wanted): readonly AcmeCertificate[] {
  const byUsers = known.filter(({ wantedBy }) => wantedBy === 'command');
  const names = new Map<string, string>();
  for (const domain of domains)
    if (!byUsers.some((one) => covers(one.domains, domain))) names.set(nameFor(domain), domain);
  const taken = new Map(known.map((one) => [one.name, one]));
  const changed = known.flatMap((one): AcmeCertificate[] => {
    if (one.wantedBy === 'command') return [];
    const wantedBy = names.has(one.name) ? 'routes' : 'nobody';
    return one.wantedBy === wantedBy ? [] : [{ ...one, wantedBy }];
  });
  const fresh = [...names]
    .filter(([name]) => !taken.has(name))
    .map(
      ([name, domain]): AcmeCertificate => ({
        ...{ kind: 'acme-certificate', name, domains: [domain], wantedBy: 'routes' },
        ...{ failures: 0, error: '', retryAt: 0, limited: false, createdAt: now, createdBy: 'berth' },
      }),
    );
  return [...changed, ...fresh];
}
