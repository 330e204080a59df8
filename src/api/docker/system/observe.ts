import { messageOf } from '../../../kit/errors.ts';
import type { ObservedImage, ObservedNetwork, ObservedVolume } from '../../../model/objects.ts';
import type { TableName, WriteTx } from '../../../store/store.ts';
import { TABLES } from '../../../store/tables.ts';
import type { DockerCall } from '../call.ts';
import { askJson } from '../passthrough.ts';

/** Reading an engine's list takes no longer than this, or the agent's own report is waited for instead. */
const LIST_MS = 5_000;

type Raw = Readonly<Record<string, unknown>>;
type Observed = {
  observedImages: ObservedImage;
  observedNetworks: ObservedNetwork;
  observedVolumes: ObservedVolume;
};

/** How each kind is listed by an engine, and how an entry is kept. */
const KINDS: {
  [T in keyof Observed]: {
    path: string;
    entries(answer: unknown): readonly Raw[];
    record(hostId: string, raw: Raw): Observed[T];
  };
} = {
  observedImages: {
    path: '/images/json',
    entries: list,
    record: imageRecord,
  },
  observedNetworks: {
    path: '/networks',
    entries: list,
    record: (hostId, raw) => ({
      kind: 'observed-network',
      hostId,
      networkId: text(raw.Id),
      name: text(raw.Name),
      driver: text(raw.Driver),
      scope: text(raw.Scope),
      labels: labels(raw.Labels),
      raw,
    }),
  },
  observedVolumes: {
    path: '/volumes',
    entries: (answer) => list((answer as Raw | null)?.Volumes),
    record: (hostId, raw) => ({
      kind: 'observed-volume',
      hostId,
      name: text(raw.Name),
      driver: text(raw.Driver),
      labels: labels(raw.Labels),
      raw,
    }),
  },
};

/**
 * Brings what the store knows of a host up to date after something was changed there, so that the answer to the next
 * request has it: the agent reports the same in its own time. Never fails: then the agent's report is what comes.
 */
export async function observe(
  call: Pick<DockerCall, 'deps'>,
  hostIds: readonly string[],
  table: keyof Observed,
): Promise<void> {
  await Promise.all(hostIds.map((hostId) => observeHost(call, hostId, table)));
}

async function observeHost<T extends keyof Observed>(
  call: Pick<DockerCall, 'deps'>,
  hostId: string,
  table: T,
): Promise<void> {
  const { path, entries, record } = KINDS[table];
  try {
    // Not the client's signal: a client that leaves after a change must not leave a stale list behind.
    const answer = await askJson<unknown>(call, hostId, {
      method: 'GET',
      path,
      signal: AbortSignal.timeout(LIST_MS),
    });
    const records = entries(answer).map((raw) => record(hostId, raw));
    await call.deps.store.update((tx) => replace(tx, table, hostId, records));
  } catch (thrown) {
    call.deps.logger.debug({ host: hostId, reason: messageOf(thrown) }, `${table} not refreshed`);
  }
}

function replace<T extends keyof Observed>(
  tx: WriteTx,
  table: T,
  hostId: string,
  records: Observed[T][],
): void {
  const keyOf = TABLES[table].key as (record: unknown) => string;
  const keep = new Set(records.map((record) => keyOf(record)));
  for (const known of [...tx.by(table as TableName, 'host', hostId)]) {
    if (!keep.has(keyOf(known))) tx.delete(table, keyOf(known));
  }
  for (const record of records) {
    // Watchers hear of what has changed, not of what was read again.
    const before = tx.get(table as TableName, keyOf(record)) as Observed[T] | undefined;
    if (JSON.stringify(before?.raw) !== JSON.stringify(record.raw)) tx.put(table, record as never);
  }
}

/** An entry of an engine's `GET /images/json` as it is kept. */
export function imageRecord(hostId: string, raw: Raw): ObservedImage {
  return {
    kind: 'observed-image',
    hostId,
    imageId: text(raw.Id),
    repoTags: texts(raw.RepoTags).filter((tag) => tag !== '<none>:<none>'),
    repoDigests: texts(raw.RepoDigests).filter((digest) => digest !== '<none>@<none>'),
    labels: labels(raw.Labels),
    created: Number(raw.Created) || 0,
    size: Number(raw.Size) || 0,
    raw,
  };
}

function list(value: unknown): readonly Raw[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}

function labels(value: unknown): Record<string, string> {
  return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
}
