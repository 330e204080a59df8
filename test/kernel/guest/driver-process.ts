import { messageOf } from '../../../src/kit/errors.ts';
import { silentLogger } from '../../../src/kit/logger.ts';
import { run } from '../../../src/network/commands.ts';
import { DRIVERS } from '../../../src/network/drivers.ts';

export type Asked = Readonly<{ id: number; method: string; args: readonly unknown[] }>;
export type Told = Readonly<{ id: number; error?: string; result?: unknown }>;
/** Which driver, and what its agent has been told. */
export type DriverOf = Readonly<{ name: string; dataAddress: string; vlanUplink?: string }>;

/** Carries out what its parent asks of a network driver, in the namespaces that this process is in. */
export function serveDriver({ name, dataAddress, vlanUplink }: DriverOf): void {
  const all = DRIVERS.map((make) => make({ run, logger: silentLogger, dataAddress, vlanUplink }));
  const driver = all.find((one) => one.name === name);
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
