import { BerthError } from '../../../kit/errors.ts';
import type { Address } from '../../../model/address.ts';
import type { Container, Desired, DockerSpec } from '../../../model/container.ts';
import type { WriteTx } from '../../../store/store.ts';
import { giveBackOf } from '../../networks/give-back.ts';
import { holderText } from '../../networks/holder-text.ts';
import {
  askedOfEndpoint,
  endpointIn,
  refuseOverlap,
  type SpanningNetwork,
  spanningNetwork,
} from '../../networks/spanning.ts';
import { takeBack, takeEndpoint } from '../../networks/take-address.ts';
import { unusable } from '../../networks/usable-drivers.ts';
import type { EngineCall } from '../call.ts';
import { changeDesired } from '../containers/desired.ts';
import type { Target } from '../containers/find.ts';

type Endpoints = Readonly<Record<string, unknown>>;
type Json = Readonly<Record<string, unknown>>;

/**
 * Puts a container on a network that spans hosts: a change of what the user wants of it, so that it stays through being made
 * again and moved. Its agent carries it out.
 */
export async function connectSpanning(
  call: EngineCall,
  network: SpanningNetwork,
  target: Target,
  config: Json,
): Promise<void> {
  const record = managed(network, target);
  await changeDesired(
    call,
    target,
    (now, tx) => {
      if (tx.get('networks', network.id) === undefined)
        throw new BerthError('not_found', `network ${network.name} not found`);
      const endpoints = endpointsOf(now.spec, network);
      if (network.id in endpoints)
        throw new BerthError(
          'forbidden',
          `endpoint with name ${target.name} already exists in network ${network.name}`,
        );
      const reason = unusable(tx, target.hostId, network.span.driver);
      if (reason !== undefined)
        throw new BerthError(
          'conflict',
          `host ${target.hostName}, where container ${target.name} is, cannot take part in network ${network.name}: ${reason}`,
        );
      const others = Object.keys(endpoints).flatMap((ref) => spanningNetwork(tx, ref) ?? []);
      refuseOverlap([...others, network], target.name);
      const holder = { kind: 'container' as const, id: record.id };
      const taker = { network, holder, name: target.name, ...askedOfEndpoint(config) };
      takeEndpoint(tx, call.deps.clock.now(), taker);
      return { spec: withEndpoints(now.spec, { ...endpoints, [network.id]: config }) };
    },
    (before, tx) => {
      giveBackOf(tx, record, call.deps.clock.now(), network.id);
      return before;
    },
  );
}

/** Takes a container off a network that spans hosts. Its address goes to nobody else for the grace time. */
export async function disconnectSpanning(
  call: EngineCall,
  network: SpanningNetwork,
  target: Target,
): Promise<void> {
  const record = managed(network, target);
  const now = () => call.deps.clock.now();
  let had: readonly Address[] = [];
  let lost: readonly string[] = [];
  try {
    await changeDesired(
      call,
      target,
      ({ spec }, tx) => {
        const { [network.id]: config, ...others } = endpointsOf(spec, network);
        if (config === undefined)
          throw new BerthError(
            'not_found',
            `container ${record.id} is not connected to network ${network.name}`,
          );
        had = giveBackOf(tx, record, now(), network.id);
        return { spec: withEndpoints(spec, others) };
      },
      (before, tx) => {
        lost = goOn(tx, record, network, had, now());
        return before;
      },
    );
  } catch (thrown) {
    if (!(thrown instanceof BerthError) || lost.length === 0) throw thrown;
    throw new BerthError(
      thrown.code,
      `${thrown.message}; container ${target.name} goes on with ${lost.join(' and ')}`,
      {
        ...(thrown.status === undefined ? {} : { status: thrown.status }),
        hint: `make it again (docker rm, docker run): two have one address until then`,
      },
    );
  }
}

/**
 * The engine has refused to let go: the container goes on with what it had. Returns what of it another one has got meanwhile,
 * in words.
 */
function goOn(
  tx: WriteTx,
  { id, name }: Container,
  network: SpanningNetwork,
  had: readonly Address[],
  now: number,
): readonly string[] {
  if (tx.get('networks', network.id) === undefined || endpointIn(tx, id, network.id) !== undefined) return [];
  const lost = takeBack(tx, name, had);
  // It is made again with another one.
  if (endpointIn(tx, id, network.id) === undefined)
    takeEndpoint(tx, now, { network, holder: { kind: 'container', id }, name });
  return lost.map((one) => `${one.ip}, which ${holderText(tx, one)} has by now`);
}

function managed({ name }: SpanningNetwork, target: Target): Container {
  if (target.record !== undefined) return target.record;
  throw new BerthError(
    'unsupported',
    `container ${target.name} on host ${target.hostName} was not made through the cluster: network ${name} of the cluster is not open to it`,
    { hint: 'run the container through the cluster' },
  );
}

/** The container's networks; one that is on its engine's default has that named, for it stays on it. */
function endpointsOf({ HostConfig, NetworkingConfig }: DockerSpec, network: SpanningNetwork): Endpoints {
  const mode = typeof HostConfig?.NetworkMode === 'string' ? HostConfig.NetworkMode : '';
  if (mode === 'host' || mode.startsWith('container:'))
    throw new BerthError(
      'conflict',
      `container sharing network namespace with another container or host cannot be connected to network ${network.name}, or disconnected from it`,
    );
  const named = NetworkingConfig?.EndpointsConfig;
  const endpoints = typeof named === 'object' && named !== null ? (named as Endpoints) : {};
  if (Object.keys(endpoints).length > 0 || mode === 'none') return endpoints;
  return { [mode === '' || mode === 'default' ? 'bridge' : mode]: {} };
}

/** `NetworkMode` names one of the endpoints: a container that is on none has no network at all. */
function withEndpoints(spec: DockerSpec, endpoints: Endpoints): Desired['spec'] {
  const mode = spec.HostConfig?.NetworkMode;
  const known = typeof mode === 'string' && (mode in endpoints || (isDefault(mode) && 'bridge' in endpoints));
  const kept = known || (mode === undefined && 'bridge' in endpoints);
  const NetworkMode = kept ? mode : (Object.keys(endpoints)[0] ?? 'none');
  return {
    ...spec,
    HostConfig: { ...spec.HostConfig, NetworkMode },
    NetworkingConfig: { ...spec.NetworkingConfig, EndpointsConfig: endpoints },
  };
}

function isDefault(mode: string): boolean {
  return mode === '' || mode === 'default';
}
