import { setTimeout as sleep } from 'node:timers/promises';
import { FigureReports } from '../../src/agent/loads/figure-reports.ts';
import { Machine } from '../../src/agent/loads/machine-figures.ts';
import { Readings } from '../../src/agent/loads/readings.ts';
import { FIGURES_VERSION } from '../../src/contract/link.ts';
import { dialerFor, newDockerEngine } from '../../src/engine/index.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLogger } from '../../src/kit/logger.ts';
import type { ObservedContainer } from '../../src/model/container.ts';
import { FIGURES_MS } from '../../src/model/figures.ts';

/**
 * Run on a lab host: measures it and its containers as its agent does, for so many seconds, and prints what that took.
 * Arguments: URL of the engine, seconds.
 */
export type Measured = Readonly<{
  /** How many could be read. */
  containers: number;
  listed: number;
  /** Per cent of a core, and what this process takes for itself. */
  share: number;
  idle: number;
  bytes: number;
}>;

const MICROSECONDS = 1e6;

/** Per cent of a core that this process uses meanwhile. */
async function ownShare(seconds: number): Promise<number> {
  const cpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROSECONDS;
  };
  const [before, began] = [cpu(), performance.now()];
  await sleep(seconds * 1000);
  return ((cpu() - before) / ((performance.now() - began) / 1000)) * 100;
}

const [, , url = '', seconds = '60'] = process.argv;
const engine = newDockerEngine(dialerFor(url));
const listed = (await engine.json('GET', '/containers/json')) as { Id: string }[];
const containers = listed.map(({ Id }) => ({
  ...{ engineId: Id, state: { status: 'running', startedAt: 1 } },
  ...{ reservation: { cpuMilli: 0 }, networkMode: 'bridge' },
})) as unknown as ObservedContainer[];
const reports = new FigureReports({
  readings: new Readings(engine),
  machine: new Machine(() => '/'),
  containers: () => containers,
  clock: systemClock,
  logger: silentLogger,
});
await sleep(2_000);
const idle = await ownShare(Number(seconds) / 4);
let [bytes, frames] = [0, 0];
reports.attach((frame) => {
  bytes += JSON.stringify(frame).length;
  frames++;
}, FIGURES_VERSION);
reports.start();
// All are found, and told of once.
await sleep(4 * FIGURES_MS);
[bytes, frames] = [0, 0];
const share = await ownShare(Number(seconds));
const measured: Measured = {
  ...{ containers: reports.latest.containers.length, listed: listed.length, share, idle },
  bytes: frames === 0 ? 0 : Math.round(bytes / frames),
};
reports.close();
engine.close();
console.log(JSON.stringify(measured));
