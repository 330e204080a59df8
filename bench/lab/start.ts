import { ensureImage } from '../../test/images/bake.ts';
import { type Lab, type LabOptions, ownName, startLab } from '../../test/lab/lab.ts';
import type { Run } from '../benchmark.ts';
import { DockerSocket } from '../fleet/requests.ts';

/** A lab of its own with busybox on every host; taken down at the end. */
export async function startBenchLab(run: Run, options: LabOptions): Promise<Lab> {
  const name = options.name ?? ownName();
  run.say(`starting lab ${name} with ${options.hosts} host(s)`);
  const starting = startLab({ ...options, name });
  // Also where the start itself is broken off.
  run.defer(async () => {
    const lab = await starting.catch(() => undefined);
    await lab?.down();
  });
  const lab = await starting;
  for (const host of lab.hosts) await ensureImage('busybox', host.engine);
  return lab;
}

/** Requests to a Docker URL `unix:///…`. */
export function dockerAt(run: Run, url: string, width: number): DockerSocket {
  return new DockerSocket(run, url.replace(/^unix:\/\//, ''), width);
}
