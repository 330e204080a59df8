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
import { ensureImage } from '../../test/images/bake.ts';
import { type Benchmark, numberOption } from '../benchmark.ts';
import { round } from '../stats.ts';
import { AT_ONCE, measure, withContainers } from './probes.ts';
import { dockerAt, startBenchLab } from './start.ts';

const MICROSECONDS = 1e6;

/** CPU seconds of this process. */
function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS;
}

/** Per cent of a core that this process uses meanwhile. */
async function ownShare(seconds: number): Promise<number> {
  const [before, began] = [ownCpu(), performance.now()];
  await sleep(seconds * 1000);
  return ((ownCpu() - before) / ((performance.now() - began) / 1000)) * 100;
}

export const metrics: Benchmark = {
  name: 'metrics',
  summary:
    'CPU of measuring a host and its containers every 5 s, by the agent’s own code in a process of its own',
  unit: '% of a core',
  better: 'lower',
  target: 2,
  limitSeconds: 900,
  options: { containers: 100, seconds: 60 },
  async run(run) {
    const [count, seconds] = ['containers', 'seconds'].map((name) => numberOption(run, metrics, name)) as [
      number,
      number,
    ];
    const lab = await startBenchLab(run, { hosts: 1 });
    await ensureImage('busybox', lab.endpoint);
    const docker = dockerAt(run, lab.endpoint, AT_ONCE);
    return withContainers(docker, 'none', count, async () => {
      const [host] = lab.hosts;
      const engine = newDockerEngine(dialerFor(host?.engine ?? ''));
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
      const idle = await ownShare(seconds / 2);
      let [bytes, frames] = [0, 0];
      reports.attach((frame) => {
        bytes += JSON.stringify(frame).length;
        frames++;
      }, FIGURES_VERSION);
      reports.start();
      // All are found, and told of once.
      await sleep(3 * FIGURES_MS);
      [bytes, frames] = [0, 0];
      const [all, { agent }] = await Promise.all([ownShare(seconds), measure(lab, seconds)]);
      const measured = reports.latest.containers.length;
      reports.close();
      engine.close();
      if (measured !== containers.length)
        throw new Error(`${measured} of ${containers.length} containers were measured`);
      return {
        value: round(all - idle, 3),
        also: {
          containers: measured,
          'whole agent %': round(agent, 3),
          'bytes a frame': frames === 0 ? 0 : Math.round(bytes / frames),
        },
      };
    });
  },
};
