import { z } from 'zod';
import { digestOf } from '../../../kit/digest.ts';
import { BerthError } from '../../../kit/errors.ts';
import { type Host, labelsSchema } from '../../../model/host.ts';
import type { ReadTx } from '../../../store/store.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall } from '../call.ts';
import { checked, readJson, sendJson, sendNothing } from '../json.ts';
import { filtersOf, integer, labelsMatch } from '../query.ts';
import { exactTest } from '../system/match.ts';
import type { Json } from './spec/part.ts';

/**
 * The host of that name, ID, or unique beginning of an ID.
 * @throws BerthError `not_found` in Docker's words
 */
export function findDockerNode(tx: ReadTx, reference: string): Host {
  const [named] = tx.by('hosts', 'name', reference.toLowerCase());
  const exact = named ?? tx.get('hosts', reference);
  if (exact !== undefined) return exact;
  const found = [...tx.all('hosts')].filter(({ id }) => reference !== '' && id.startsWith(reference));
  const [first] = found;
  if (first === undefined) throw new BerthError('not_found', `node ${reference} not found`);
  if (found.length > 1)
    throw new BerthError('bad_request', `node ${reference} is ambiguous (${found.length} matches found)`);
  return first;
}

/** A host as Docker's clients see a node: none is a manager, since managers are not Docker's. */
function nodeView(tx: ReadTx, host: Host): Json {
  const status = tx.get('hostStatus', host.id);
  const engine = status?.engine;
  return {
    ID: host.id,
    Version: { Index: versionOf(host) },
    CreatedAt: new Date(host.joinedAt).toISOString(),
    UpdatedAt: new Date(host.joinedAt).toISOString(),
    Spec: { Labels: host.labels, Role: 'worker', Availability: availability(host) },
    Description: {
      Hostname: host.name,
      Platform: { Architecture: engine?.architecture ?? '', OS: engine?.osType ?? 'linux' },
      Resources: { NanoCPUs: (engine?.cpus ?? 0) * 1e9, MemoryBytes: engine?.memory ?? 0 },
      Engine: { EngineVersion: engine?.serverVersion ?? '', Labels: engine?.labels ?? {}, Plugins: [] },
      TLSInfo: {},
    },
    Status: {
      State:
        status?.state === 'ready' || status?.state === 'suspect'
          ? 'ready'
          : status?.state === 'down'
            ? 'down'
            : 'unknown',
      ...(status?.reason ? { Message: status.reason } : {}),
      Addr: status?.dataAddress ?? '',
    },
  };
}

const availability = ({ cordoned, drained }: Host) => {
  if (!cordoned) return 'active';
  return drained === true ? 'drain' : 'pause';
};

/** Another number whenever what a user may change is other: hosts have no count of changes. */
function versionOf(host: Host): number {
  return Number.parseInt(digestOf([host.labels, availability(host)]).slice(0, 12), 16);
}

/** `GET /nodes`. */
export async function listNodes(call: DockerCall): Promise<void> {
  const known = ['id', 'name', 'label', 'node.label', 'membership', 'role'];
  const filters = filtersOf(call.query, known);
  const role = exactTest(filters.get('role'));
  const membership = exactTest(filters.get('membership'));
  const begins = (name: string, text: string) =>
    filters.get(name)?.some((value) => text.startsWith(value)) ?? true;
  const nodes = call.deps.store.view((tx) =>
    [...tx.all('hosts')]
      .filter(
        (host) =>
          begins('id', host.id) &&
          begins('name', host.name) &&
          role('worker') &&
          membership('accepted') &&
          labelsMatch(tx.get('hostStatus', host.id)?.engine?.labels ?? {}, filters.get('label') ?? []) &&
          labelsMatch(host.labels, filters.get('node.label') ?? []),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((host) => nodeView(tx, host)),
  );
  sendJson(call.res, 200, nodes);
}

/** `GET /nodes/<id>`. */
export async function inspectNode({ deps, params, res }: DockerCall): Promise<void> {
  sendJson(
    res,
    200,
    deps.store.view((tx) => nodeView(tx, findDockerNode(tx, params.id ?? ''))),
  );
}

const nodeSpecSchema = z.looseObject({
  Name: z.string().optional(),
  Labels: labelsSchema.nullish(),
  Role: z.enum(['worker', 'manager']),
  Availability: z.enum(['active', 'pause', 'drain']),
});

/**
 * `POST /nodes/<id>/update`: labels, and whether containers go there, or are moved away. As with a swarm a drain is answered
 * once it has begun.
 */
export async function updateNode(call: DockerCall): Promise<void> {
  const { deps, params, query, req, res } = call;
  const body = await readJson(req);
  const version = integer(query, 'version');
  const seen = deps.store.view((tx) => findDockerNode(tx, params.id ?? ''));
  setAuditTarget(call, seen.name);
  const spec = checked(nodeSpecSchema, body ?? {});
  if (spec.Availability !== availability(seen)) setAuditTarget(call, `${seen.name} (${spec.Availability})`);
  if (spec.Role === 'manager')
    throw new BerthError('unsupported', 'a host of Berth is no manager of Docker’s swarm mode', {
      hint: 'leave the role as worker',
    });
  const begins = spec.Availability === 'drain' && availability(seen) !== 'drain';
  if (begins) {
    if (version !== versionOf(seen)) throw outOfSequence(`node ${seen.name}`);
    await deps.drain(seen.id);
  }
  await deps.store.update((tx) => {
    const host = findDockerNode(tx, seen.id);
    const isSeen = begins ? digestOf(host.labels) === digestOf(seen.labels) : version === versionOf(host);
    if (!isSeen) throw outOfSequence(`node ${host.name}`);
    const cordoned = spec.Availability !== 'active';
    const drained = spec.Availability === 'drain';
    tx.put('hosts', { ...host, labels: spec.Labels ?? {}, cordoned, drained });
  });
  sendNothing(res, 200);
}

/** Somebody else was faster: what the client has changed is not what is there now. */
export function outOfSequence(what: string): BerthError {
  return new BerthError('conflict', `${what}: update out of sequence`, {
    hint: 'it was changed meanwhile: look at it again, and repeat the command',
  });
}

/** `DELETE /nodes/<id>`. */
export async function removeNode({ deps, params }: DockerCall): Promise<void> {
  const { name } = deps.store.view((tx) => findDockerNode(tx, params.id ?? ''));
  throw new BerthError('unsupported', `host ${name} is not taken away by this command`, {
    hint: `"berth node rm ${name}" does, and says what it would lose`,
  });
}
