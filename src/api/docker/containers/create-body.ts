import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { type DockerSpec, dockerSpecSchema } from '../../../model/container.ts';
import { MOST_SHARES_AS_CORES } from '../../../model/cpu-shares.ts';
import type { Probes } from '../../../model/probe.ts';
import { probesOfLabels } from '../../../model/probe-labels.ts';
import { restartLabelProblem } from '../../../model/restart-policy.ts';
import { checked } from '../json.ts';

const amount = z.number().int().nullish();
/** Where they are cores, stacks set parts of them aside; the agent makes the engine's weight of those. */
const shares = z
  .number()
  .refine((value) => Number.isInteger(value) || value < MOST_SHARES_AS_CORES, 'expected int')
  .nullish();
const strings = z.array(z.string()).nullish();
const record = z.record(z.string(), z.unknown()).nullish();

/**
 * The fields of a create body that Berth reads, with their types; all others go to the engine unseen, as do fields that
 * nobody knows. Amounts below zero are refused here: to the scheduler they would be room that is not there.
 */
const bodySchema = dockerSpecSchema.extend({
  Image: z.string().min(1, 'an image is needed'),
  Hostname: z
    .string()
    .nullish()
    .transform((name) => name ?? undefined),
  ExposedPorts: record,
  Volumes: record,
  HostConfig: z
    .looseObject({
      Memory: amount,
      MemoryReservation: amount,
      NanoCpus: amount,
      CpuShares: shares,
      Binds: strings,
      Links: strings,
      VolumesFrom: strings,
      VolumeDriver: z.string().nullish(),
      NetworkMode: z.string().nullish(),
      IpcMode: z.string().nullish(),
      PidMode: z.string().nullish(),
      PortBindings: z
        .record(
          z.string(),
          z.array(z.looseObject({ HostIp: z.string().nullish(), HostPort: z.string().nullish() })).nullable(),
        )
        .nullish(),
      Mounts: z.array(z.looseObject({ Type: z.string().nullish(), Source: z.string().nullish() })).nullish(),
    })
    .nullish(),
  NetworkingConfig: z
    .looseObject({ EndpointsConfig: z.record(z.string(), z.looseObject({}).nullable()).nullish() })
    .nullish(),
});

const AMOUNTS = ['Memory', 'MemoryReservation', 'NanoCpus', 'CpuShares'] as const;

/**
 * The body of `POST /containers/create`, and the probes that its labels ask for.
 * @throws BerthError `bad_request` naming the field and its value
 */
export function createBody(body: unknown): Readonly<{ spec: DockerSpec; probes: Probes | undefined }> {
  if (body === undefined || body === null) {
    throw new BerthError('bad_request', 'config cannot be empty in order to create a container');
  }
  const spec = checked(bodySchema, body);
  for (const name of AMOUNTS) {
    const value = spec.HostConfig?.[name];
    if (typeof value === 'number' && value < 0) {
      throw new BerthError('bad_request', `invalid HostConfig.${name} ${value}: it cannot be below 0`);
    }
  }
  const { probes, problem } = probesOfLabels(spec.Labels ?? {});
  const wrong = restartLabelProblem(spec) ?? problem;
  if (wrong !== undefined) throw new BerthError('bad_request', wrong);
  return { spec, probes };
}
