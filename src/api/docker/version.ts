import { BerthError } from '../../kit/errors.ts';
import type { HostStatus } from '../../model/host.ts';
import type { ReadTx, Store } from '../../store/store.ts';

/** Docker's oldest version that Berth serves. */
const OLDEST = '1.24';
/** The newest whose answers Berth knows how to give itself. */
const NEWEST = '1.51';
/** While no engine is connected: what Debian 12's engine speaks. */
const WITHOUT_ENGINES = '1.41';

export type ServedVersions = Readonly<{
  /** The newest API version that every connected engine speaks. */
  api: string;
  minApi: string;
}>;

/**
 * What was found last, until a host's engine or state is another: every request asks, and of a thousand hosts one or the
 * other has its status written all the time.
 */
const found = new WeakMap<Store, Kept>();

type Kept = {
  versions: ServedVersions | undefined;
  /** Hosts whose status was written since. */
  readonly changed: Set<string>;
  /** By host, what it counted for when it was looked at last. */
  readonly counted: Map<string, string>;
};

/** Which versions of Docker's API are served now; they follow the connected hosts' engines. */
export function servedVersions(store: Store): ServedVersions {
  let last = found.get(store);
  if (last === undefined) {
    const kept: Kept = { versions: undefined, changed: new Set(), counted: new Map() };
    store.follow((table, key) => {
      if (table === 'hostStatus') kept.changed.add(key);
    });
    found.set(store, kept);
    last = kept;
  }
  if (last.changed.size > 0) {
    const kept = last;
    store.view((tx) => lookAgain(tx, kept));
  }
  last.versions ??= store.view(versionsOf);
  return last.versions;
}

function lookAgain(tx: ReadTx, kept: Kept): void {
  for (const key of kept.changed) {
    const status = tx.get('hostStatus', key);
    const { apiVersion = '', minApiVersion = '' } =
      status !== undefined && counts(status) ? status.engine : {};
    const now = `${apiVersion} ${minApiVersion}`;
    if (kept.counted.get(key) === now) continue;
    kept.counted.set(key, now);
    kept.versions = undefined;
  }
  kept.changed.clear();
}

type Counting = HostStatus & { engine: NonNullable<HostStatus['engine']> };

function counts(status: HostStatus): status is Counting {
  return status.engine !== undefined && (status.state === 'ready' || status.state === 'suspect');
}

function versionsOf(tx: ReadTx): ServedVersions {
  let api: string | undefined;
  let minApi = OLDEST;
  for (const status of tx.all('hostStatus')) {
    if (!counts(status)) continue;
    const { engine } = status;
    // Most engines are alike: what another has said already need not be looked at again.
    if (engine.apiVersion === api && engine.minApiVersion === minApi) continue;
    // One that is too old, or speaks nonsense, is no use to any client: it must not keep them off the others.
    if (!/^\d{1,4}\.\d{1,4}$/.test(engine.apiVersion) || compareVersions(engine.apiVersion, OLDEST) < 0)
      continue;
    if (api === undefined || compareVersions(engine.apiVersion, api) < 0) api = engine.apiVersion;
    if (compareVersions(engine.minApiVersion, minApi) > 0) minApi = engine.minApiVersion;
  }
  api ??= WITHOUT_ENGINES;
  if (compareVersions(api, NEWEST) > 0) api = NEWEST;
  return { api, minApi: compareVersions(minApi, api) > 0 ? api : minApi };
}

/** Negative where `a` is older than `b`: "1.9" before "1.10". */
export function compareVersions(a: string, b: string): number {
  // Clients mostly speak the version that is served.
  if (a === b) return 0;
  return numberOf(a) - numberOf(b);
}

/** "1.41" is 10041: minor versions have four digits at most. */
function numberOf(version: string): number {
  const dot = version.indexOf('.');
  return Number(version.slice(0, dot)) * 10_000 + Number(version.slice(dot + 1));
}

/** True where the client's API version is `version` or newer. */
export function atLeast(apiVersion: string, version: string): boolean {
  return compareVersions(apiVersion, version) >= 0;
}

/**
 * Takes `/v1.41` off a path.
 * @throws BerthError `bad_request` in Docker's words where the version is not served
 *   (moby: api/server/middleware/version.go)
 */
export function splitVersion(path: string, served: ServedVersions): { apiVersion: string; path: string } {
  const match = /^\/v(\d{1,4}\.\d{1,4})(\/.*)$/.exec(path);
  const [, asked, rest] = match ?? [];
  if (asked === undefined || rest === undefined) return { apiVersion: served.api, path };
  if (compareVersions(asked, served.minApi) < 0) {
    throw new BerthError(
      'bad_request',
      `client version ${asked} is too old. Minimum supported API version is ${served.minApi}, please upgrade your client to a newer version`,
    );
  }
  if (compareVersions(asked, served.api) > 0) {
    throw new BerthError(
      'bad_request',
      `client version ${asked} is too new. Maximum supported API version is ${served.api}`,
    );
  }
  return { apiVersion: asked, path: rest };
}
