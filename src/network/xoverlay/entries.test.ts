import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Member } from '../../model/span.ts';
import { type Entries, entriesOf, linesBetween, NO_ENTRIES } from './entries.ts';

function member(id: string, via: string, last: number): Member {
  const ipv4 = `10.0.0.${last}`;
  const mac = `02:be:0a:00:00:${last.toString(16).padStart(2, '0')}`;
  return { id, hostId: `host of ${id}`, via, names: [id], up: true, ipv4, ipv6: `fd00::${last}`, mac };
}

describe('entries of the kernel', () => {
  it('are where frames go, and whose an address is', () => {
    const lines = linesBetween(NO_ENTRIES, entriesOf([member('a', '192.0.2.1', 10)]));
    expect(lines).toEqual({
      bridge: ['fdb replace 02:be:0a:00:00:0a dev vx0 dst 192.0.2.1 self master static'],
      ip: [
        'neigh replace 10.0.0.10 lladdr 02:be:0a:00:00:0a dev vx0 nud permanent',
        'neigh replace fd00::10 lladdr 02:be:0a:00:00:0a dev vx0 nud permanent',
      ],
    });
  });

  it('say nothing of a member whose host has no address yet', () => {
    expect(entriesOf([member('a', '', 10)])).toEqual(NO_ENTRIES);
  });

  it('of a member that has moved are one line', () => {
    const before = entriesOf([member('a', '192.0.2.1', 10)]);
    const lines = linesBetween(before, entriesOf([member('a', '192.0.2.2', 10)]));
    expect(lines).toEqual({
      bridge: ['fdb replace 02:be:0a:00:00:0a dev vx0 dst 192.0.2.2 self master static'],
      ip: [],
    });
  });

  it('stay where another member takes over the address', () => {
    const before = entriesOf([member('old', '192.0.2.1', 10)]);
    expect(linesBetween(before, entriesOf([member('new', '192.0.2.1', 10)]))).toEqual({ bridge: [], ip: [] });
  });

  it('become what they should be, from whatever they were', () => {
    const members = fc.uniqueArray(
      fc.record({ last: fc.integer({ min: 2, max: 9 }), via: fc.constantFrom('', '192.0.2.1', '192.0.2.2') }),
      { selector: ({ last }) => last },
    );
    fc.assert(
      fc.property(members, members, (one, other) => {
        const of = (list: { last: number; via: string }[]) =>
          entriesOf(list.map(({ last, via }) => member(`m${last}`, via, last)));
        const [before, after] = [of(one), of(other)];
        expect(applied(before, linesBetween(before, after))).toEqual(after);
        expect(linesBetween(after, after)).toEqual({ bridge: [], ip: [] });
      }),
    );
  });
});

/** As the kernel takes the lines. */
function applied(before: Entries, { bridge, ip }: ReturnType<typeof linesBetween>): Entries {
  const forwarding = new Map(before.forwarding);
  const neighbours = new Map(before.neighbours);
  for (const line of bridge) {
    const [, what, mac = '', , , word, via = ''] = line.split(' ');
    if (what === 'replace') forwarding.set(mac, via);
    else if (word === 'self') expect(forwarding.delete(mac)).toBe(true);
  }
  for (const line of ip) {
    const [, what, address = '', , mac = ''] = line.split(' ');
    if (what === 'replace') neighbours.set(address, mac);
    else expect(neighbours.delete(address)).toBe(true);
  }
  return { forwarding, neighbours };
}
