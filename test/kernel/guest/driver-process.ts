import { messageOf } from '../../../src/kit/errors.ts';
import { silentLogger } from '../../../src/kit/logger.ts';
import { run } from '../../../src/network/commands.ts';
import { newXoverlayDriver } from '../../../src/network/xoverlay/driver.ts';

export type Asked = Readonly<{ id: number; method: string; args: readonly unknown[] }>;
export type Told = Readonly<{ id: number; error?: string; result?: unknown }>;

/** Carries out what its parent asks of a network driver, in the namespaces that this process is in. */
export function serveDriver(dataAddress: string): void {
  const driver = newXoverlayDriver({ run, logger: silentLogger, dataAddress, vlanUplink: undefined });
  const methods = driver as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
  const tell = (told: Told) => process.send?.(told);
  process.on('message', async ({ id, method, args }: Asked) => {
    try {
      tell({ id, result: await methods[method]?.(...args) });
    } catch (thrown) {
      tell({ id, error: messageOf(thrown) });
    }
  });
  process.on('disconnect', () => process.exit());
  tell({ id: -1 });
}
