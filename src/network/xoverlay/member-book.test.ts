import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Member } from '../../model/span.ts';
import { type Entries, linesBetween, NO_ENTRIES } from './entries.ts';
import { MemberBook } from './member-book.ts';

function member(id: string, via: string, last: number): Member {
  const ipv4 = `10.0.0.${last}`;
  const mac = `02:be:0a:00:00:${last.toString(16).padStart(2, '0')}`;
  return { id, hostId: `host of ${id}`, via, names: [id], up: true, ipv4, ipv6: `fd00::${last}`, mac };
}

/** What the kernel should have, worked out anew from all members. */
function entriesOf(members: Iterable<Member>): Entries {
  const forwarding = new Map<string, string>();
  const neighbours = new Map<string, string>();
  for (const { mac, via, ipv4, ipv6 } of members) {
    if (via === '') continue;
    forwarding.set(mac, via);
    for (const ip of [ipv4, ipv6]) if (ip !== undefined) neighbours.set(ip, mac);
  }
  return { forwarding, neighbours };
}

const NONE = { bridge: [], ip: [] };
const whole = (put: readonly Member[]) => ({ whole: true, put, drop: [] });
/** A network whose kernel has been told of these. */
function bookOf(...members: Member[]): MemberBook {
  const book = new MemberBook(NO_ENTRIES);
  book.tell(whole(members));
  book.done();
  return book;
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

describe('a book of members', () => {
  it('has nothing to say of a member whose host has no address yet, nor of what the kernel does not know', () => {
    const book = bookOf(member('a', '', 10), member('b', '192.0.2.1', 11));
    book.tell({
      whole: false,
      put: [{ ...member('b', '192.0.2.1', 11), names: ['c'], up: false }],
      drop: [],
    });
    book.tell({ whole: false, put: [member('a', '', 12)], drop: ['nobody'] });
    expect(book.pending()).toEqual(NONE);
  });

  it('removes nothing where another member takes over MAC and address, in one change or in several', () => {
    const drop = { whole: false, put: [], drop: ['old'] };
    const put = { whole: false, put: [member('new', '192.0.2.1', 10)], drop: [] };
    for (const changes of [[put, drop], [drop, put], [{ ...put, drop: ['old'] }]]) {
      const book = bookOf(member('old', '192.0.2.1', 10));
      for (const change of changes) book.tell(change);
      expect(book.pending()).toEqual(NONE);
    }
    // With the first carried out before the second comes.
    const book = bookOf(member('old', '192.0.2.1', 10));
    book.tell(put);
    book.done();
    book.tell(drop);
    expect(book.pending()).toEqual(NONE);
    expect(book.has('02:be:0a:00:00:0a')).toBe(true);
  });

  it('looks at the members of a change only', () => {
    let looked = 0;
    const others = Array.from({ length: 100 }, (_, at) => {
      const one = member(`m${at}`, '192.0.2.1', at + 100);
      return new Proxy(one, {
        get: (of, key) => {
          looked++;
          return Reflect.get(of, key);
        },
      });
    });
    const book = bookOf(...others, member('a', '192.0.2.1', 10));
    looked = 0;
    book.tell({ whole: false, put: [member('a', '192.0.2.2', 10)], drop: [] });
    expect(book.pending().bridge).toHaveLength(1);
    book.done();
    expect(looked).toBe(0);
  });

  it('tells the kernel what it should have, whatever was told before, and whatever it has', () => {
    const one = fc
      .record({
        id: fc.integer({ min: 0, max: 5 }),
        last: fc.integer({ min: 2, max: 7 }),
        via: fc.constantFrom('', '192.0.2.1', '192.0.2.2'),
      })
      .map(({ id, last, via }) => member(`m${id}`, via, last));
    const change = fc.record({
      whole: fc.boolean(),
      put: fc.uniqueArray(one, { selector: ({ id }) => id }),
      drop: fc.subarray(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']),
    });
    const step = fc.record({ changes: fc.array(change, { minLength: 1, maxLength: 3 }), lost: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one), fc.array(step, { maxLength: 6 }), (found, steps) => {
        let kernel = entriesOf(found);
        const book = new MemberBook(kernel);
        let members = new Map<string, Member>();
        book.tell(whole([]));
        for (const { changes, lost } of steps) {
          for (const { whole: all, put, drop } of changes) {
            book.tell({ whole: all, put, drop });
            if (all) members = new Map();
            for (const id of drop) members.delete(id);
            for (const each of put) members.set(each.id, each);
          }
          if (lost) {
            kernel = NO_ENTRIES;
            book.found(kernel);
          }
          kernel = applied(kernel, book.pending());
          book.done();
          // Where two have the same address either may have it.
          const wanted = entriesOf(members.values());
          expect([...kernel.forwarding.keys()].sort()).toEqual([...wanted.forwarding.keys()].sort());
          expect([...kernel.neighbours].sort()).toEqual([...wanted.neighbours].sort());
          const vias = [...members.values()].map(({ mac, via }) => `${mac} ${via}`);
          for (const [mac, via] of kernel.forwarding) expect(vias).toContain(`${mac} ${via}`);
        }
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
