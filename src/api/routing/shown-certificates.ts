import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Vault } from '../../kit/vault.ts';
import { certificatePurpose } from '../../model/certificate.ts';
import type { Certificate } from '../../model/router.ts';
import type { ReadTx } from '../../store/store.ts';

/** What routers are shown of the store's certificates; each is opened once. */
export class ShownCertificates {
  private opened = new Map<string, Certificate>();
  private list: readonly Certificate[] = [];

  constructor(
    private readonly vault: Vault,
    private readonly logger: Logger,
  ) {}

  /** The same list where nothing has changed. One that cannot be opened is left out: others are worth more than none. */
  read(tx: ReadTx): readonly Certificate[] {
    const opened = new Map<string, Certificate>();
    for (const record of tx.all('certificates')) {
      // Not by its fingerprint: that is the same with another chain behind it.
      const key = `${record.name} ${record.sealed}`;
      try {
        const known = this.opened.get(key);
        const pem = () => this.vault.open(record.sealed, certificatePurpose(record)).toString('utf8');
        opened.set(key, known ?? { name: record.name, pem: pem() });
      } catch (thrown) {
        this.logger.error({ error: messageOf(thrown) }, 'a certificate is not shown by routers');
      }
    }
    const same = opened.size === this.opened.size && [...opened.keys()].every((key) => this.opened.has(key));
    this.opened = opened;
    if (!same) this.list = [...opened.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.list;
  }
}
