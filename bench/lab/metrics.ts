import { fileURLToPath } from 'node:url';
import { ensureImage } from '../../test/images/bake.ts';
import { type Benchmark, numberOption } from '../benchmark.ts';
import { round } from '../stats.ts';
import type { Measured } from './figures-process.ts';
import { AT_ONCE, measure, withContainers } from './probes.ts';
import { dockerAt, startBenchLab } from './start.ts';

const PROGRAM = fileURLToPath(new URL('./figures-process.ts', import.meta.url));
/** For its start, and until it has found all. */
const SPARE_MS = 180_000;

export const metrics: Benchmark = {
  name: 'metrics',
  summary:
    'CPU of measuring a host and its containers every 5 s, by the agent’s code in a process of its own',
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
      if (host === undefined) throw new Error('the lab has no host');
      // On the host itself: only there are the processes of its containers to be seen.
      const argv = [
        process.execPath,
        '--import',
        import.meta.resolve('tsx'),
        PROGRAM,
        host.engine,
        String(seconds),
      ];
      const [{ stdout, stderr }, { agent }] = await Promise.all([
        lab.exec(host.name, argv, { timeoutMs: 2 * seconds * 1000 + SPARE_MS }),
        measure(lab, seconds),
      ]);
      if (stdout === '') throw new Error(`nothing was measured: ${stderr.slice(-500)}`);
      const { containers, listed, share, idle, bytes } = JSON.parse(stdout) as Measured;
      if (containers !== listed) throw new Error(`${containers} of ${listed} containers were measured`);
      run.say(`${containers} containers: ${share.toFixed(2)} % of a core, ${idle.toFixed(2)} % before`);
      return {
        value: round(share - idle, 3),
        also: { containers, 'whole agent %': round(agent, 3), 'bytes a frame': bytes },
      };
    });
  },
};
