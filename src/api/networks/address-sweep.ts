import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { settingsOf } from '../../store/settings.ts';
import type { Store } from '../../store/store.ts';
import { isOver } from './take-address.ts';

const EVERY_MS = 60_000;

type Deps = Readonly<{ store: Store; clock: Clock; logger: Logger }>;

/** Forgets addresses whose grace time is over: they are free in any case, and say nothing any more. */
export async function sweepAddresses({ store, clock }: Omit<Deps, 'logger'>): Promise<void> {
  const over = store.view((tx) => {
    const { addressGraceMs } = settingsOf(tx);
    return [...tx.by('addresses', 'leaving', 'yes')].filter((one) =>
      isOver(one, clock.now(), addressGraceMs),
    );
  });
  if (over.length === 0) return;
  await store.update((tx) => {
    for (const address of over) {
      const key = `${address.networkId}/${address.ip}`;
      if (tx.get('addresses', key) === address) tx.delete('addresses', key);
    }
  }, 'soon');
}

/** Returns a function that ends it. */
export function keepAddressesSwept(deps: Deps): () => void {
  const timer = setInterval(() => {
    sweepAddresses(deps).catch((thrown) =>
      deps.logger.warn({ error: messageOf(thrown) }, 'addresses of containers that are gone not forgotten'),
    );
  }, EVERY_MS);
  return () => clearInterval(timer);
}
