import { z } from 'zod';
import type { Assignment } from '../../contract/link.ts';
import type { Engine } from '../../engine/index.ts';
import { normalIp } from '../../model/ip.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../../model/labels.ts';
import type { ObservedNetwork } from '../../model/objects.ts';
import { OPTION_NETWORK } from '../../network/index.ts';
import { isStatus } from '../listing.ts';

const ENGINE_MS = 30_000;

type Need = Assignment['needs']['networks'][number];

/**
 * The body of `POST /networks/create` for the engine-side network of one that spans hosts. The driver is its IPAM driver,
 * too; the option leads both to the cluster's network. What the user gave else (labels, `Attachable`) passes on.
 */
export function engineNetworkBody(
  { id, spec, span }: Need & { span: NonNullable<Need['span']> },
  labels: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const options = { [OPTION_NETWORK]: id };
  return {
    Name: spec.Name,
    CheckDuplicate: true,
    Driver: span.driver,
    Internal: span.internal,
    Attachable: spec.Attachable === true,
    EnableIPv6: span.pools.some(({ subnet }) => subnet.includes(':')),
    IPAM: {
      Driver: span.driver,
      Options: options,
      Config: span.pools.map(({ subnet, range, gateway, aux }) => ({
        Subnet: subnet,
        ...(range === undefined ? {} : { IPRange: range }),
        ...(gateway === undefined ? {} : { Gateway: gateway }),
        ...(aux === undefined ? {} : { AuxiliaryAddresses: aux }),
      })),
    },
    Options: options,
    Labels: labels,
  };
}

/** The cluster's ID of the network that an engine-side one was made for by this cluster's agent; else undefined. */
export function clusterNetworkOf(
  { driver, labels }: ObservedNetwork,
  cluster: string,
  drivers: ReadonlySet<string>,
): string | undefined {
  return drivers.has(driver) && labels[LABEL_CLUSTER] === cluster ? labels[LABEL_ID] : undefined;
}

/** @throws BerthError where the engine does not answer */
export async function engineHas(engine: Engine, engineId: string): Promise<boolean> {
  try {
    await engine.json('GET', `/networks/${engineId}`, undefined, AbortSignal.timeout(ENGINE_MS));
    return true;
  } catch (thrown) {
    if (isStatus(thrown, 404)) return false;
    throw thrown;
  }
}

/** False where a container is on it, which may be somebody's own. @throws BerthError where the engine does not answer */
export async function removeFromEngine(engine: Engine, engineId: string): Promise<boolean> {
  try {
    await engine.json('DELETE', `/networks/${engineId}`, undefined, AbortSignal.timeout(ENGINE_MS));
    return true;
  } catch (thrown) {
    if (isStatus(thrown, 404)) return true;
    if (isStatus(thrown, 403) || isStatus(thrown, 409)) return false;
    throw thrown;
  }
}

const inspectedSchema = z.looseObject({
  Containers: z
    .record(
      z.string(),
      z.looseObject({
        EndpointID: z.string(),
        MacAddress: z.string(),
        IPv4Address: z.string(),
        IPv6Address: z.string(),
      }),
    )
    .nullish(),
});

/** What a container has on a network, as its engine says. */
export type EngineEndpoint = Readonly<{
  /** Undefined of one that no container has: it is being made, or was left. */
  containerId: string | undefined;
  endpointId: string;
  /** In their shortest form, without the prefix length. */
  ips: readonly string[];
  mac: string;
}>;

/** All endpoints of a network; undefined where there is no such network. @throws BerthError where the engine does not answer */
export async function endpointsOn(
  engine: Engine,
  engineId: string,
): Promise<readonly EngineEndpoint[] | undefined> {
  try {
    const answer = await engine.json(
      'GET',
      `/networks/${engineId}`,
      undefined,
      AbortSignal.timeout(ENGINE_MS),
    );
    return Object.entries(inspectedSchema.parse(answer).Containers ?? {}).map(([key, one]) => ({
      // libnetwork lists an endpoint without a sandbox as `ep-<its ID>`.
      containerId: key.startsWith('ep-') ? undefined : key,
      endpointId: one.EndpointID,
      ips: [one.IPv4Address, one.IPv6Address].flatMap((text) => normalIp(text.split('/')[0] ?? '') ?? []),
      mac: one.MacAddress,
    }));
  } catch (thrown) {
    if (isStatus(thrown, 404)) return undefined;
    throw thrown;
  }
}

/** Whether a container is the cluster's own; true as well where it is gone. @throws BerthError where the engine does not answer */
export async function isClusters(engine: Engine, containerId: string, cluster: string): Promise<boolean> {
  try {
    const path = `/containers/${containerId}/json`;
    const answer = await engine.json('GET', path, undefined, AbortSignal.timeout(ENGINE_MS));
    return labelledSchema.parse(answer).Config.Labels?.[LABEL_CLUSTER] === cluster;
  } catch (thrown) {
    if (isStatus(thrown, 404)) return true;
    throw thrown;
  }
}

const labelledSchema = z.looseObject({
  Config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }),
});
