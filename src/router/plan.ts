import { serverWords } from './servers.ts';
import type {
  FoundCertificate,
  FoundTables,
  Servers,
  WantedBackend,
  WantedCertificate,
  WantedTables,
} from './tables.ts';

/** A line for HAProxy's runtime socket, and what it says where it was done. */
export type Command = Readonly<{ line: string; payload?: string; expect: RegExp }>;

export type Plan =
  | Readonly<{ kind: 'reload'; because: string }>
  | Readonly<{
      kind: 'commands';
      /** In this order: what comes in, entries of maps that change, what goes; each once those before it are done. */
      enter: readonly Command[];
      entries: readonly Command[];
      leave: readonly Command[];
      /** Maps of which so much changes that they are replaced as a whole, in one step; with the entries. */
      replace: ReadonlyMap<string, ReadonlyMap<string, string>>;
      /** Servers that get nothing new any more, `BACKEND/SERVER`: to be deleted once their connections have ended. */
      leaving: readonly string[];
    }>;

/** Single commands for a map; above it the map is replaced. */
const MAP_COMMANDS = 200;
/** Above it a reload costs less, and is over sooner. */
const MOST_COMMANDS = 5000;

const NOTHING = /^$/;

/**
 * From what HAProxy has to what it is to have. Pure. What comes in is there before anything points to it, and what goes is
 * pointed to by nothing before it goes, so that no request meets a change half way.
 */
export function plan(found: FoundTables, wanted: WantedTables): Plan {
  const certificates = certificateCommands(found, wanted);
  const enter: Command[] = [...certificates.before];
  const leave: Command[] = [];
  const leaving: string[] = [];
  for (const [name, backend] of wanted.backends) {
    const has = found.backends.get(name) ?? new Map();
    // A route that has not changed has the same table, which nothing has to be compared with.
    if (has === backend.servers) continue;
    serverCommands(name, has, backend, wanted.cookieKey, { enter, leave, leaving });
  }
  leave.push(...certificates.after);
  const { entries, replace } = mapCommands(found, wanted);
  const count = enter.length + entries.length + leave.length;
  if (count > MOST_COMMANDS)
    return { kind: 'reload', because: `${count} changes at once are more than ${MOST_COMMANDS}` };
  return { kind: 'commands', enter, entries, leave, replace, leaving };
}

function serverCommands(
  name: string,
  has: Servers,
  { servers, sticky }: WantedBackend,
  cookieKey: string,
  into: Readonly<{ enter: Command[]; leave: Command[]; leaving: string[] }>,
): void {
  const fewer: Command[] = [];
  for (const [server, setting] of servers) {
    const at = `${name}/${server}`;
    const now = has.get(server);
    const weight = { line: `set server ${at} weight ${setting.weight}`, expect: NOTHING };
    if (now === undefined) {
      into.enter.push({
        line: `add server ${name}/${serverWords(server, setting)}`,
        expect: /^New server registered\.$/,
      });
      // HAProxy 2.6 makes the cookie's value of a server that is added only when the key is set.
      if (sticky)
        into.enter.push({ line: `set dynamic-cookie-key backend ${name} ${cookieKey}`, expect: NOTHING });
      into.enter.push({ line: `enable server ${at}`, expect: NOTHING });
      // HAProxy does not begin by itself to check a server that is added.
      if (setting.options.includes('check'))
        into.enter.push({ line: `enable health ${at}`, expect: NOTHING });
    } else if (now.weight < setting.weight) into.enter.push(weight);
    else if (now.weight > setting.weight) fewer.push(weight);
    if (now?.out === true) into.enter.push({ line: `set server ${at} state ready`, expect: NOTHING });
  }
  into.leave.push(...fewer);
  for (const [server, { out }] of has) {
    if (servers.has(server)) continue;
    const at = `${name}/${server}`;
    if (!out) into.leave.push({ line: `set server ${at} state maint`, expect: NOTHING });
    into.leaving.push(at);
  }
}

function mapCommands(found: FoundTables, wanted: WantedTables) {
  const entries: Command[] = [];
  const replace = new Map<string, ReadonlyMap<string, string>>();
  for (const [file, map] of wanted.maps) {
    const has = found.maps.get(file) ?? new Map<string, string>();
    if (has === map) continue;
    const own: Command[] = [];
    for (const [key, value] of map) {
      const now = has.get(key);
      if (now === value) continue;
      own.push({ line: `${now === undefined ? 'add' : 'set'} map ${file} ${key} ${value}`, expect: NOTHING });
    }
    for (const key of has.keys())
      if (!map.has(key)) own.push({ line: `del map ${file} ${key}`, expect: NOTHING });
    if (own.length > MAP_COMMANDS) replace.set(file, map);
    else entries.push(...own);
  }
  return { entries, replace };
}

/** With those behind it: a chain may be another one, or whole now, and the certificate the same. */
function isSame(now: FoundCertificate, { pem, sha1, chain }: WantedCertificate): boolean {
  return now.sha1 === sha1 && now.chain === chain && (now.pem ?? pem) === pem;
}

/** @returns what is to be there before routes are for it, and what goes when none is any more */
function certificateCommands(found: FoundTables, wanted: WantedTables) {
  const before: Command[] = [];
  const after: Command[] = [];
  const add = (file: string, list: string): Command => ({
    line: `add ssl crt-list ${list} ${file}`,
    expect: /Success!$/,
  });
  for (const [file, one] of wanted.certificates) {
    const { pem } = one;
    const now = found.certificates.get(file);
    if (now === undefined)
      before.push({ line: `new ssl cert ${file}`, expect: /^New empty certificate store/ });
    if (now === undefined || !isSame(now, one))
      before.push(
        { line: `set ssl cert ${file}`, payload: pem, expect: /^Transaction (created|updated) for/ },
        { line: `commit ssl cert ${file}`, expect: /Success!$/ },
      );
    if (now?.listed !== true) before.push(add(file, wanted.certificateList));
  }
  for (const [file, { listed }] of found.certificates) {
    if (wanted.certificates.has(file)) continue;
    if (listed)
      after.push({
        line: `del ssl crt-list ${wanted.certificateList} ${file}`,
        expect: /deleted in crtlist/,
      });
    after.push({ line: `del ssl cert ${file}`, expect: /deleted!?$/ });
  }
  return { before, after };
}
