import { raiseSerial } from '../api/v1/dns.ts';
import type { Address } from '../cli/values.ts';
import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { NameServer } from '../network/dns/authoritative/name-server.ts';
import type { Store } from '../store/index.ts';
import { listening } from './listen.ts';

export type RunningNameServer = Readonly<{
  isHealthy(recordId: string): boolean;
  listens: string;
  close(): Promise<void>;
}>;

/** The manager's name server, fed from the store: each durable change is answered with, and told to secondaries. */
export async function startNameServer(
  store: Store,
  { host, port }: Address,
  clock: Clock,
  logger: Logger,
): Promise<RunningNameServer> {
  const server = new NameServer({
    clock,
    logger,
    onHealth: (zone) => {
      store
        .update((tx) => raiseSerial(tx, zone, clock.now()))
        .catch((thrown) => logger.warn({ zone, reason: messageOf(thrown) }, 'serial of a zone not raised'));
    },
  });
  const load = () => store.view((tx) => server.update([...tx.all('dnsZones')], [...tx.all('dnsRecords')]));
  load();
  const unwatch = store.watch(({ changes }) => {
    if (changes.some(({ table }) => table === 'dnsZones' || table === 'dnsRecords')) load();
  });
  const close = async () => {
    unwatch();
    await server.close();
  };
  try {
    await listening('the name server', '--dns-listen', { host, port }, () => server.listen(host, port));
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const listens = host.includes(':') ? `[${host}]:${server.port}` : `${host}:${server.port}`;
  return { isHealthy: (id) => server.isHealthy(id), listens, close };
}
