import { join } from 'node:path';
import type { Run } from '../benchmark.ts';
import { atOnce, quantile, round } from '../stats.ts';
import { startHosts } from './hosts.ts';
import { startManagerProcess } from './manager-process.ts';
import { DockerSocket } from './requests.ts';
import type { Told } from './told-members.ts';

const WIDTH = 64;
const GIVE_UP_MS = 60_000;

export type MemberMoves = Readonly<{
  /** From the request to move until the last host knew, milliseconds, of each move. */
  request: readonly number[];
  /** From the first host that knew to the last one. */
  spread: readonly number[];
  /** From the first container that is asked for until each host knows of all, milliseconds. */
  joinedMs: number;
  /** What all hosts together have been sent of members until then: for making the networks, and for one move. */
  framesMade: number;
  bytesMade: number;
  framesMoved: number;
  bytesMoved: number;
  /** Of the manager's memory, for each member of a network. */
  kibPerMember: number;
}>;

/**
 * Networks that each of many simulated hosts takes part in with a container; then containers move, by draining their hosts.
 * When does the last host know?
 */
export async function memberMoves(
  run: Run,
  options: Readonly<{ hosts: number; networks: number; moves: number }>,
): Promise<MemberMoves> {
  const { hosts: count, networks, moves } = options;
  const manager = await startManagerProcess(run);
  const hosts = await startHosts(run, manager, {
    kind: 'light',
    hosts: count,
    processes: 1,
    profile: undefined,
  });
  const docker = new DockerSocket(run, manager.dockerSocket, WIDTH);
  const api = new DockerSocket(run, join(manager.dataDir, 'run', 'api.sock'), 1);
  const names = Array.from({ length: networks }, (_, i) => `members${i}`);
  for (const [i, Name] of names.entries()) {
    const IPAM = { Config: [{ Subnet: `10.${i}.0.0/16` }] };
    await docker.call('POST', '/v1.41/networks/create', { Name, Driver: 'xoverlay', IPAM });
  }
  const memory = manager.memory();
  const ids: string[] = [];
  const began = Date.now();
  await atOnce(count * networks, WIDTH, async (i) => {
    const HostConfig = { NetworkMode: names[i % networks] };
    const made = await docker.call('POST', `/v1.41/containers/create?name=m${i}`, {
      ...{ Image: 'busybox', Cmd: ['sleep', '3600'], HostConfig },
      // One of each network on each host.
      Env: [`constraint:node==~${hostName(Math.floor(i / networks))}`],
    });
    ids[i] = (JSON.parse(made) as { Id: string }).Id;
    await docker.call('POST', `/v1.41/containers/${ids[i]}/start`);
  });
  run.say(`${ids.length} containers on ${networks} network(s) of ${count} hosts run`);
  // A host that was taken for down meanwhile did not get its container.
  const taking = await hostsOf(docker, networks);
  const sum = async (member: string) => summed(await hosts.told(member));
  // The last one of each network is told after all others of it, or with them.
  for (const [i, id] of ids.entries())
    if (i >= ids.length - networks)
      await untilAllKnow(run, () => sum(id), new Set(), taking[i % networks]?.size ?? 0);
  const joinedMs = Date.now() - began;
  run.say(`each host knew of all after ${joinedMs} ms`);
  const kibPerMember = (manager.memory() - memory) / 1024 / ids.length;
  let before = await sum('');
  const made = before;
  const [request, spread]: [number[], number[]] = [[], []];
  for (let move = 0; move < moves; move++) {
    const member = ids[move * networks] ?? '';
    const known = new Set(Object.keys((await sum(member)).places));
    const node = `/v1/nodes/${hostName(move)}`;
    await api.call('POST', `${node}/cordon`);
    const asked = Date.now();
    await api.call('POST', `${node}/drain`, {});
    taking[0]?.delete(hostName(move));
    const told = await untilAllKnow(run, () => sum(member), known, taking[0]?.size ?? 0);
    request.push(told.last - asked);
    spread.push(told.last - told.first);
    run.say(
      `moved a member: the first host knew after ${told.first - asked} ms, the last after ${told.last - asked} ms`,
    );
  }
  const after = await sum('');
  await hosts.stop();
  await manager.stop();
  before = made;
  return {
    request,
    spread,
    joinedMs,
    framesMade: made.frames,
    bytesMade: made.bytes,
    framesMoved: (after.frames - before.frames) / moves,
    bytesMoved: (after.bytes - before.bytes) / moves,
    kibPerMember,
  };
}

/** The hosts that take part in each network, by the names of their containers. */
async function hostsOf(docker: DockerSocket, networks: number): Promise<readonly Set<string>[]> {
  const list = JSON.parse(await docker.call('GET', '/v1.41/containers/json')) as { Names: string[] }[];
  const hosts = Array.from({ length: networks }, () => new Set<string>());
  for (const { Names } of list) {
    const [, host = '', name = ''] = (Names[0] ?? '').split('/');
    hosts[Number(name.slice(1)) % networks]?.add(host);
  }
  return hosts;
}

/** As the simulated hosts call themselves. */
function hostName(i: number): string {
  return `sim${String(i).padStart(5, '0')}`;
}

function summed(all: readonly Told[]): Told {
  const places: Record<string, { hosts: number; first: number; last: number }> = {};
  for (const one of all) {
    for (const [host, { hosts, first, last }] of Object.entries(one.places)) {
      const so = places[host] ?? { hosts: 0, first, last };
      places[host] = {
        hosts: so.hosts + hosts,
        first: Math.min(so.first, first),
        last: Math.max(so.last, last),
      };
    }
  }
  const add = (figure: 'frames' | 'bytes') => all.reduce((sum, one) => sum + one[figure], 0);
  return { places, frames: add('frames'), bytes: add('bytes') };
}

/** The member's new place, once so many hosts know it. */
async function untilAllKnow(
  run: Run,
  ask: () => Promise<Told>,
  known: ReadonlySet<string>,
  hosts: number,
): Promise<Readonly<{ first: number; last: number }>> {
  let know = 0;
  for (const until = Date.now() + GIVE_UP_MS; Date.now() < until; ) {
    run.signal.throwIfAborted();
    const places = Object.entries((await ask()).places);
    const [place] = places.filter(([host]) => !known.has(host)).map(([, one]) => one);
    if (place !== undefined && place.hosts >= hosts) return place;
    know = place?.hosts ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `${know} of ${hosts} hosts know where the member has moved to after ${GIVE_UP_MS / 1000} s`,
  );
}

/** For a benchmark's `also`. */
export function memberFigures(moves: MemberMoves): Record<string, number> {
  return {
    'entry reaches all, from the request, p50 ms': round(quantile(moves.request, 0.5)),
    'entry reaches all, from the request, max ms': round(quantile(moves.request, 1)),
    'entry reaches all, first host to last, max ms': round(quantile(moves.spread, 1)),
    'all joined, s': round(moves.joinedMs / 1000, 3),
    'all joined, frames': moves.framesMade,
    'all joined, MiB': round(moves.bytesMade / 1024 ** 2, 3),
    'one move, frames': round(moves.framesMoved),
    'one move, KiB': round(moves.bytesMoved / 1024, 3),
    'manager KiB per member': round(moves.kibPerMember, 3),
  };
}
