import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import type { ClusterPki } from '../link/index.ts';

/** Long before the month in which a certificate is renewed is over, and soon after an address has changed. */
const EVERY_MS = 6 * 3_600_000;

type Renewal = Readonly<{
  /** Reads the certificates; makes the server's anew where it is due. */
  open(): Promise<ClusterPki>;
  /** Serves with the new one from now on. */
  use(pki: ClusterPki): void;
  logger: Logger;
  everyMs?: number;
}>;

/** Keeps the manager's certificate good while the manager runs. Returns what ends that. */
export function keepCertificate({ open, use, logger, everyMs = EVERY_MS }: Renewal): () => void {
  const renew = async () => {
    const pki = await open();
    if (pki.renewed === '') return;
    use(pki);
    logger.info({ reason: pki.renewed }, 'certificate of the manager renewed');
  };
  let timer: NodeJS.Timeout;
  // One after the other: two at once would write each other's files.
  const next = () => {
    timer = setTimeout(() => {
      renew()
        .catch((thrown) => logger.error({ error: messageOf(thrown) }, 'certificate not renewed'))
        .finally(() => (ended ? undefined : next()));
    }, everyMs);
    timer.unref();
  };
  let ended = false;
  next();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
