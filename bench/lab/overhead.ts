import { type Benchmark, numberOption } from '../benchmark.ts';
import type { DockerSocket } from '../fleet/requests.ts';
import { atOnce, median, quantile, round, timed } from '../stats.ts';
import { dockerAt, startBenchLab } from './start.ts';

const SPEC = { Image: 'busybox', Cmd: ['sleep', '3600'], HostConfig: { NetworkMode: 'bridge' } };
const AT_ONCE = 8;

/** Milliseconds of each container's create and start, and of the whole block. */
type Block = Readonly<{ each: readonly number[]; whole: number }>;

async function block(docker: DockerSocket, name: string, count: number, width: number): Promise<Block> {
  const ids: string[] = [];
  const each: number[] = [];
  const whole = await timed(() =>
    atOnce(count, width, async (i) => {
      const took = await timed(async () => {
        const made = await docker.call('POST', `/v1.41/containers/create?name=${name}-${i}`, SPEC);
        const { Id } = JSON.parse(made) as { Id: string };
        ids.push(Id);
        await docker.call('POST', `/v1.41/containers/${Id}/start`);
      });
      each.push(took);
    }),
  );
  // Outside the time, so that every block begins with an empty engine.
  await atOnce(ids.length, 4, async (i) => {
    await docker.call('DELETE', `/v1.41/containers/${ids[i]}?force=1&v=1`);
  });
  return { each, whole };
}

export const overhead: Benchmark = {
  name: 'overhead',
  summary: "create and start by Berth's endpoint against the engine's own socket, in turns",
  unit: 'ratio of medians',
  better: 'lower',
  target: 1.05,
  limitSeconds: 900,
  options: { containers: 100, blocks: 5, sequential: 40 },
  async run(run) {
    const [containers, blocks, sequential] = ['containers', 'blocks', 'sequential'].map((name) =>
      numberOption(run, overhead, name),
    ) as [number, number, number];
    const lab = await startBenchLab(run, { hosts: 1 });
    const engine = lab.hosts[0]?.engine ?? '';
    const sides = [
      { name: 'engine', docker: dockerAt(run, engine, AT_ONCE) },
      { name: 'berth', docker: dockerAt(run, lab.endpoint, AT_ONCE) },
    ] as const;
    let turn = 0;
    const measure = async (label: string, total: number, width: number, size: number) => {
      const figures = {
        engine: { each: [] as number[], wholes: 0 },
        berth: { each: [] as number[], wholes: 0 },
      };
      for (let round = 0; round < total / size; round++) {
        // Who begins changes, so that neither always has what the other has left behind.
        for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
          const { each, whole } = await block(side.docker, `${side.name}${turn++}`, size, width);
          figures[side.name].each.push(...each);
          figures[side.name].wholes += whole;
          run.say(
            `${label}, ${side.name}: median ${median(each).toFixed(0)} ms, ${(size / (whole / 1000)).toFixed(1)}/s`,
          );
        }
      }
      const { engine, berth } = figures;
      const rate = ({ each, wholes }: typeof engine) => round(each.length / (wholes / 1000), 3);
      return {
        ratio: median(berth.each) / median(engine.each),
        also: {
          [`${label} ratio`]: round(median(berth.each) / median(engine.each)),
          [`${label} ratio of whole blocks`]: round(berth.wholes / engine.wholes),
          [`${label} engine ms`]: round(median(engine.each), 3),
          [`${label} berth ms`]: round(median(berth.each), 3),
          [`${label} engine p95 ms`]: round(quantile(engine.each, 0.95), 3),
          [`${label} berth p95 ms`]: round(quantile(berth.each, 0.95), 3),
          [`${label} engine/s`]: rate(engine),
          [`${label} berth/s`]: rate(berth),
        },
      };
    };
    // The first ones pay for caches that all later ones share.
    for (const { name, docker } of sides) await block(docker, `warm-${name}`, AT_ONCE, AT_ONCE);
    const parallel = await measure('8 at a time', containers, AT_ONCE, Math.ceil(containers / blocks));
    // In turns as short as can be: the machine's pace changes within seconds, by more than what is measured.
    const single = await measure('sequential', sequential, 1, 2);
    return { value: parallel.ratio, also: { ...parallel.also, ...single.also } };
  },
};
