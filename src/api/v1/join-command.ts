import { createHash } from 'node:crypto';

type JoinCommand = Readonly<{
  /** `10.0.0.1:8443`. */
  manager: string;
  token: string;
  /** PEM, exactly as `/v1/ca.pem` serves it. */
  caPem: string;
}>;

/** What may stand in the command without quotes; anything else is refused rather than quoted. */
const PLAIN = /^[A-Za-z0-9._:[\]-]+$/;

/**
 * The one line that makes a fresh machine a host. The first download is not trusted until its hash has been compared
 * with the one in the line itself; everything after it is checked against that CA. Runs in any POSIX shell, and uses
 * nothing of `sha256sum` that busybox lacks. The script takes the file with the CA away again.
 * @throws Error where the address cannot stand in a command
 */
export function joinCommand({ manager, token, caPem }: JoinCommand): string {
  if (!PLAIN.test(manager))
    throw new Error(`"${manager}" cannot stand in a command: use an address or a DNS name`);
  if (!PLAIN.test(token)) throw new Error('the join token cannot stand in a command');
  const sha256 = createHash('sha256').update(caPem).digest('hex');
  // curl would read the brackets of an IPv6 address as a range.
  const curl = manager.startsWith('[') ? 'curl -g' : 'curl';
  return [
    'CA=$(mktemp)',
    `${curl} -fsSk https://${manager}/v1/ca.pem -o "$CA"`,
    `echo "${sha256}  $CA" | sha256sum -c - >/dev/null`,
    `${curl} -fsS --cacert "$CA" https://${manager}/v1/join.sh | BERTH_CA_FILE="$CA" sh -s -- --manager ${manager} --token ${token}`,
  ].join(' && ');
}
