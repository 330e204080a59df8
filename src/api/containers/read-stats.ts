import { z } from 'zod';
import type { ContainerStats } from '../../contract/v1/containers.ts';
import { BerthError } from '../../kit/errors.ts';
import type { EngineCall } from '../docker/call.ts';
import { containerPath, rewriteFor, type Target } from '../docker/containers/find.ts';
import { askJson, enginePath } from '../docker/passthrough.ts';

const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
/** What is used of an engine's answer (Docker's API, `ContainerStats`); other systems and cgroups leave fields out. */
const answerSchema = z.looseObject({
  read: z.string(),
  cpu_stats: z.looseObject({ cpu_usage: z.looseObject({ total_usage: count }) }),
  memory_stats: z.looseObject({
    usage: count,
    limit: count,
    stats: z.record(z.string(), z.unknown()).nullish(),
  }),
  networks: z.record(z.string(), z.looseObject({ rx_bytes: count, tx_bytes: count })).nullish(),
  blkio_stats: z.looseObject({
    io_service_bytes_recursive: z.array(z.looseObject({ op: z.string(), value: count })).nullish(),
  }),
  pids_stats: z.looseObject({ current: count }),
});
type Answer = z.infer<typeof answerSchema>;

/** What a container uses now. @throws BerthError in the engine's words, `host_down` */
export async function readStats(call: EngineCall, target: Target): Promise<ContainerStats> {
  // A reading by itself: with another one before it, which the engine waits for, it would take a second.
  const query = new URLSearchParams({ stream: '0', 'one-shot': '1' });
  const path = enginePath(call, containerPath(target, '/stats'), query);
  const request = { method: 'GET', path, signal: call.signal };
  const answer = await askJson<unknown>(call, target.hostId, request, rewriteFor(target));
  const said = answerSchema.safeParse(answer);
  // Of one that does not run an engine has zeroes, without a time.
  if (!said.success || !(Date.parse(said.data.read) > 0))
    throw new BerthError(
      'conflict',
      `container ${target.name} has nothing to count: it does not run any more`,
    );
  const { read, cpu_stats, memory_stats: memory, pids_stats, networks } = said.data;
  const interfaces = Object.values(networks ?? {});
  return {
    at: Date.parse(read),
    cpu: cpu_stats.cpu_usage.total_usage / 1000,
    memory: Math.max(0, memory.usage - droppable(memory.stats ?? {})),
    memoryLimit: memory.limit,
    received: interfaces.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
    sent: interfaces.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
    read: blockBytes(said.data, 'read'),
    written: blockBytes(said.data, 'write'),
    processes: pids_stats.current,
  };
}

/** Files that the kernel may drop (docker/cli: `calculateMemUsageUnixNoCache`): by cgroups of version 1 and of 2. */
function droppable(stats: Readonly<Record<string, unknown>>): number {
  const bytes = stats.total_inactive_file ?? stats.inactive_file;
  return typeof bytes === 'number' ? bytes : 0;
}

function blockBytes({ blkio_stats }: Answer, wanted: 'read' | 'write'): number {
  const entries = blkio_stats.io_service_bytes_recursive ?? [];
  return entries.reduce((sum, { op, value }) => (op.toLowerCase() === wanted ? sum + value : sum), 0);
}
