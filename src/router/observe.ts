import { stat } from 'node:fs/promises';
import { BerthError } from '../kit/errors.ts';
import type { RuntimeSocket } from './runtime-socket.ts';
import type { FoundCertificate, FoundTables, ServerSetting, Servers } from './tables.ts';

/**
 * Which worker answers, and which configuration it has read. In a container one that is started anew has the same process
 * ID as the one before it, so `life` has its socket's inode and time in it as well.
 */
export type Worker = Readonly<{ pid: number; life: string; digest: string }>;

/** @throws BerthError `unavailable` where it has gone, or goes */
export async function readWorker(socket: RuntimeSocket): Promise<Worker> {
  const info = await socket.ask('show info');
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(info)?.[1] ?? '';
  // After the answer: a socket that was made anew meanwhile is then another life, which is looked at closely.
  const made = await stat(socket.path, { bigint: true }).catch((cause: unknown) => {
    throw new BerthError('unavailable', `HAProxy at ${socket.path}: its socket has gone`, { cause });
  });
  const pid = Number(field('Pid'));
  return { pid, life: `${pid} ${made.ino} ${made.ctimeNs}`, digest: field('description') };
}

/** What the worker has now, of that of which there may be something to change. */
export async function readTables(
  socket: RuntimeSocket,
  maps: Iterable<string>,
  certificates: string | undefined,
): Promise<FoundTables> {
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const file of maps) found.set(file, parseMap(await socket.ask(`show map ${file}`)));
  return {
    backends: parseServers(await socket.ask('show servers state')),
    maps: found,
    certificates: certificates === undefined ? new Map() : await readCertificates(socket, certificates),
  };
}

/** FMAINT, IMAINT, CMAINT and RMAINT of `srv_admin_state` (management.txt, `show servers state`). */
const OUT = 0x01 | 0x02 | 0x04 | 0x20;

/** Of `show servers state`, format 1: by backend, by server. */
export function parseServers(answer: string): ReadonlyMap<string, Servers> {
  const backends = new Map<string, Map<string, ServerSetting>>();
  for (const line of answer.split('\n').slice(2)) {
    const [, backend, , server, , , admin, weight] = line.split(' ');
    if (backend === undefined || server === undefined) continue;
    const servers = backends.get(backend) ?? new Map<string, ServerSetting>();
    servers.set(server, { weight: Number(weight), out: (Number(admin) & OUT) !== 0 });
    backends.set(backend, servers);
  }
  return backends;
}

/** Of `show map`: an ID, the key, and the value on each line. */
export function parseMap(answer: string): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const line of answer.split('\n')) {
    const [, key, value] = line.split(' ');
    if (key !== undefined && value !== undefined) map.set(key, value);
  }
  return map;
}

async function readCertificates(socket: RuntimeSocket, list: string): Promise<FoundTables['certificates']> {
  const lines = (answer: string) => answer.split('\n').filter((line) => line !== '' && !/^[#*]/.test(line));
  const listed = new Set(
    lines(await socket.ask(`show ssl crt-list ${list}`)).map((line) => line.split(' ', 1)[0] ?? ''),
  );
  const found = new Map<string, FoundCertificate>();
  for (const file of lines(await socket.ask('show ssl cert')))
    found.set(file, {
      ...parseCertificate(await socket.ask(`show ssl cert ${file}`)),
      listed: listed.has(file),
    });
  return found;
}

/** Of `show ssl cert FILE`: each certificate of the chain has its subject and its issuer there. */
export function parseCertificate(answer: string): Pick<FoundCertificate, 'sha1' | 'chain'> {
  return {
    sha1: /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(answer)?.[1] ?? '',
    chain: answer.match(/^Chain Subject: /gm)?.length ?? 0,
  };
}
