import type { ManagerFrame } from '../../src/contract/link.ts';

/** What the hosts of a process have been told of one member, and of members at all. */
export type Told = Readonly<{
  /** By the host that the member is on: how many hosts know it there, since when the first and the last of them do (ms). */
  places: Readonly<Record<string, Readonly<{ hosts: number; first: number; last: number }>>>;
  frames: number;
  /** Of all frames' JSON. */
  bytes: number;
}>;

type Place = { readonly who: Set<number>; first: number; last: number };

/** Counts what the hosts of a process hear of members, for all of them together. */
export class ToldMembers {
  private readonly members = new Map<string, Map<string, Place>>();
  private hosts = 0;
  private frames = 0;
  private bytes = 0;

  /** For one more host: takes in what it hears. */
  listener(): (frame: ManagerFrame & { t: 'members' }) => void {
    const host = this.hosts++;
    return (frame) => {
      const now = Date.now();
      this.frames++;
      this.bytes += JSON.stringify(frame).length;
      for (const { put } of frame.networks)
        for (const { id, hostId } of put) this.hear(host, id, hostId, now);
    };
  }

  private hear(host: number, id: string, hostId: string, now: number): void {
    const places = this.members.get(id) ?? new Map<string, Place>();
    this.members.set(id, places);
    const place = places.get(hostId) ?? { who: new Set(), first: now, last: now };
    places.set(hostId, place);
    if (place.who.has(host)) return;
    place.who.add(host);
    place.last = now;
  }

  of(member: string): Told {
    const places = Object.fromEntries(
      [...(this.members.get(member) ?? [])].map(([hostId, { who, first, last }]) => [
        hostId,
        { hosts: who.size, first, last },
      ]),
    );
    return { places, frames: this.frames, bytes: this.bytes };
  }
}
