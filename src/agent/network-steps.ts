import { z } from 'zod';
import type { Assignment } from '../contract/link.ts';
import { BerthError } from '../kit/errors.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../model/labels.ts';
import { say } from '../model/said/index.ts';
import { spanDriver } from '../model/spanning/registry.ts';
import { endpointConfig } from './create-body.ts';
import { checked, isStatus } from './listing.ts';
import { engineNetworkBody, removeFromEngine } from './networks/engine-networks.ts';
import type { StepArguments } from './step.ts';
import { call, exists, ignore, marked, QUICK_MS, type StepContext } from './step-context.ts';

type Json = Readonly<Record<string, unknown>>;
type Need = Assignment['needs']['networks'][number];

const networksSchema = z.array(
  z.looseObject({
    Id: z.string().min(1),
    Name: z.string().optional(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
);

/** One that spans hosts is looked for by its ID: another network of the name is somebody else's. */
export function ensureNetwork(
  context: StepContext,
  { need }: StepArguments['ensure-network'],
): Promise<void> {
  return context.exclusive(`network ${need.spec.Name}`, async () => {
    if (isSpanning(need)) {
      await ensureSpanning(context, need);
      return;
    }
    refuseRaw(need);
    if (await exists(context, `/networks/${encodeURIComponent(need.spec.Name)}`)) return;
    const body = { ...need.spec, CheckDuplicate: true, Labels: marked(context, need.spec.Labels, need.id) };
    await call(context, QUICK_MS, 'POST', `${context.prefix}/networks/create`, body).catch(ignore(409));
  });
}

/**
 * Made from its spec alone, a network of the cluster's drivers would be one of plain docker: another network, with
 * other addresses, under its name. No refusal, but a wait: it is tried again, and the client hears why.
 */
function refuseRaw({ spec }: Need): void {
  const ipam = typeof spec.IPAM === 'object' && spec.IPAM !== null ? (spec.IPAM as Json).Driver : undefined;
  const driver = [spec.Driver, ipam].find((name) => typeof name === 'string' && spanDriver(name));
  if (driver === undefined) return;
  throw new BerthError(
    'unavailable',
    `network ${spec.Name} is of the cluster's driver ${driver}, and the manager has not said what it is like: not made`,
    { hint: 'remove the network and make it again; "docker network inspect" shows how it is recorded' },
  );
}

/** @throws BerthError `engine` where the name is another network's on this host, or the driver refuses */
async function ensureSpanning(
  context: StepContext,
  need: Need & { span: NonNullable<Need['span']> },
): Promise<void> {
  const there = await spanningNetwork(context, need.id);
  if (there !== undefined) {
    await context.adoptNetwork(need.id, there);
    return;
  }
  const body = engineNetworkBody(need, marked(context, need.spec.Labels, need.id));
  try {
    await call(context, QUICK_MS, 'POST', `${context.prefix}/networks/create`, body);
  } catch (thrown) {
    if (!isStatus(thrown, 409)) throw thrown;
    // An earlier attempt that was cut off.
    if ((await spanningNetwork(context, need.id)) !== undefined) return;
    const former = await formerNetwork(context, need);
    if (former === undefined) throw thrown;
    // Hosts keep what nobody needs for a while, where the same is wanted again: here it is another one that is.
    if (!(await removeFromEngine(context.engine, former))) throw stillThere(need.spec.Name);
    await call(context, QUICK_MS, 'POST', `${context.prefix}/networks/create`, body);
  }
}

/** The engine's ID of it. */
async function spanningNetwork(context: StepContext, id: string): Promise<string | undefined> {
  const found = await ownNetworks(context, [`${LABEL_ID}=${id}`]);
  return found.find(({ Labels }) => Labels?.[LABEL_ID] === id)?.Id;
}

/** The engine's ID of another network of this cluster that has the name: the cluster has one of a name at a time, so that was removed. */
async function formerNetwork(context: StepContext, { id, spec }: Need): Promise<string | undefined> {
  const found = await ownNetworks(context, []);
  return found.find(({ Name, Labels }) => Name === spec.Name && (Labels?.[LABEL_ID] ?? id) !== id)?.Id;
}

/** Somebody is on it still. No refusal, but a wait, as above. */
function stillThere(name: string): BerthError {
  return new BerthError('unavailable', say('hosts.network.former', { name }));
}

async function ownNetworks(context: StepContext, labels: readonly string[]) {
  const label = [...labels, `${LABEL_CLUSTER}=${context.cluster}`];
  const filters = encodeURIComponent(JSON.stringify({ label }));
  const answer = await call(context, QUICK_MS, 'GET', `/networks?filters=${filters}`);
  const found = checked('/networks', () => networksSchema.parse(answer));
  return found.filter(({ Labels }) => Labels?.[LABEL_CLUSTER] === context.cluster);
}

/** A container that is on it already is as it should be. */
export async function connectNetwork(
  context: StepContext,
  { need, config }: StepArguments['connect-network'],
): Promise<void> {
  const path = `${context.prefix}/networks/${encodeURIComponent(need.spec.Name)}/connect`;
  const body = {
    Container: context.engineId,
    EndpointConfig: endpointConfig(config, need.endpoint, context.answersIn(need.id)),
  };
  try {
    await call(context, QUICK_MS, 'POST', path, body);
  } catch (thrown) {
    if (alreadyConnected(thrown)) return;
    // Docker 20.10 shows a container on a network that it could not join, and would not try again.
    await disconnectNetwork(context, { name: need.spec.Name }).catch(() => {});
    throw thrown;
  }
}

export async function disconnectNetwork(
  context: StepContext,
  { name }: StepArguments['disconnect-network'],
): Promise<void> {
  const path = `${context.prefix}/networks/${encodeURIComponent(name)}/disconnect`;
  const body = { Container: context.engineId, Force: true };
  await call(context, QUICK_MS, 'POST', path, body).catch(ignore(404, notConnected));
}

function isSpanning(need: Need): need is Need & { span: NonNullable<Need['span']> } {
  return need.span !== undefined;
}

function alreadyConnected(thrown: unknown): boolean {
  return isStatus(thrown, 403) && thrown instanceof Error && /already (exists|attached)/.test(thrown.message);
}

function notConnected(thrown: unknown): boolean {
  return thrown instanceof Error && /is not connected to/.test(thrown.message);
}
