import type { ManagerFrame, NetworkMembers } from '../../contract/link.ts';

type MembersFrame = ManagerFrame & { t: 'members' };

/** JSON of one frame's members, bytes: below the longest line of a session (`MAX_FRAME`). */
const BYTES_PER_FRAME = 8 * 1024 * 1024;
/** Fewer members than this are never measured: each is far below a kilobyte. */
const NEVER_TOO_MANY = 4000;

/**
 * The frame, or several where it would be too long for a line. The first one names every network, as those that are not in it
 * would count as gone; what does not fit is put by later ones.
 */
export function memberFrames(
  frame: MembersFrame,
  limit = BYTES_PER_FRAME,
  few = NEVER_TOO_MANY,
): MembersFrame[] {
  const count = frame.networks.reduce((sum, { put, drop }) => sum + put.length + drop.length, 0);
  if (count <= few) return [frame];
  const first: NetworkMembers[] = [];
  const later: MembersFrame[] = [];
  let room = limit;
  for (const network of frame.networks) {
    const parts = partsOf(network, room, limit);
    const [head, ...rest] = parts;
    if (head === undefined) continue;
    first.push(head);
    room = Math.max(0, room - sizeOf(head));
    for (const part of rest) later.push({ t: 'members', networks: [part], gone: [] });
  }
  return [{ ...frame, networks: first }, ...later];
}

/** @param room bytes that the first part may take; it is there in any case, be it empty */
function partsOf(network: NetworkMembers, room: number, limit: number): NetworkMembers[] {
  const parts = [{ ...network, put: [] as NetworkMembers['put'][number][] }];
  let left = room;
  for (const member of network.put) {
    const size = Buffer.byteLength(JSON.stringify(member));
    if (size > left) {
      parts.push({ ...network, whole: false, put: [], drop: [] });
      left = limit;
    }
    parts.at(-1)?.put.push(member);
    left -= size;
  }
  return parts;
}

function sizeOf({ put }: NetworkMembers): number {
  return Buffer.byteLength(JSON.stringify(put));
}
