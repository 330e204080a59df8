import type { ManagerFrame } from '../../src/contract/link.ts';

/** What the hosts of a process have been told of one member, and of members at all. */
export type Told = Readonly<{
  /** By the host that the member is on: how many hosts know it there, since when the first and the last of them do (ms). */
  places: Readonly<Record<string, Readonly<{ hosts: number; first: number; last: number }>>>;
  frames: number;
  /** Of all frames' JSON. */
  bytes: number;
}>;

/** Counts what the hosts of a process hear of members, for all of them together. */
export class ToldMembers {
  private readonly members = new Map<string, Map<string, { hosts: number; first: number; last: number }>>();
  private frames = 0;
  private bytes = 0;

  hear(frame: ManagerFrame & { t: 'members' }): void {
    const now = Date.now();
    this.frames++;
    this.bytes += JSON.stringify(frame).length;
    for (const { put } of frame.networks) {
      for (const { id, hostId } of put) {
        const places = this.members.get(id) ?? new Map();
        this.members.set(id, places);
        const place = places.get(hostId) ?? { hosts: 0, first: now, last: now };
        places.set(hostId, { hosts: place.hosts + 1, first: place.first, last: now });
      }
    }
  }

  of(member: string): Told {
    const places = Object.fromEntries(this.members.get(member) ?? []);
    return { places, frames: this.frames, bytes: this.bytes };
  }
}
