import type { PeerCertificate } from 'node:tls';
import { BerthError } from '../../kit/errors.ts';
import { BACKDATE } from '../../link/pki/x509.ts';
import { isShutOut, ROLES, roleAllows, roleSchema } from '../../model/access.ts';
import type { Store } from '../../store/store.ts';
import type { Principal } from '../auth/principal.ts';

/**
 * Who a client certificate of the cluster's CA stands for: user in its common name, role in its organisational unit.
 * The user must still be there, and has the lower of the certificate's role and today's: taking a role or a user away
 * works at once, without revoking anything. Hosts' certificates name no role, and are refused.
 * @throws BerthError `unauthenticated`
 */
export function principalOfCertificate(
  store: Store,
  certificate: (Pick<PeerCertificate, 'subject'> & Partial<Pick<PeerCertificate, 'valid_from'>>) | undefined,
  from: string,
): Principal {
  const subject: Partial<PeerCertificate['subject']> = certificate?.subject ?? {};
  const user = one(subject.CN);
  const role = roleSchema.safeParse(one(subject.OU));
  if (user === undefined || !role.success) {
    throw new BerthError(
      'unauthenticated',
      `the client certificate names no user and role (${ROLES.join(', ')})`,
      {
        hint: 'make one with "berth bundle"',
      },
    );
  }
  const record = store.view((tx) => tx.get('users', user));
  if (record === undefined) {
    throw new BerthError(
      'unauthenticated',
      `user "${user}" of the client certificate does not exist any more`,
    );
  }
  if (isShutOut(record)) {
    throw new BerthError('unauthenticated', `user "${user}" has no role at ${record.oidc?.issuer} any more`, {
      hint: 'log in by it again when your account has one; an admin can give one with "berth user role"',
    });
  }
  // A certificate of somebody who had the same name before does not come back with the name. Dates are whole seconds.
  const issuedAt = Date.parse(certificate?.valid_from ?? '') + BACKDATE;
  if (issuedAt + 1000 <= record.createdAt) {
    throw new BerthError('unauthenticated', `the client certificate is older than its user "${user}"`, {
      hint: 'make another with "berth bundle"',
    });
  }
  const lower = roleAllows(record.role, role.data) ? role.data : record.role;
  return { user, role: lower, via: 'docker', from };
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
