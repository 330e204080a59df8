import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PortNeed, PortTable, portNeeds, rangeText, sameAddress, specificIp } from './ports.ts';

const fixed = (port: number, ip = '', protocol: PortNeed['protocol'] = 'tcp'): PortNeed => ({
  protocol,
  ip,
  from: port,
  to: port,
});
const range = (from: number, to: number, ip = ''): PortNeed => ({ protocol: 'tcp', ip, from, to });

describe('portNeeds', () => {
  it('reads bindings, ranges, addresses and protocols', () => {
    const bindings = {
      '80/tcp': [{ HostIp: '10.0.0.1', HostPort: '8080' }, { HostPort: '8000-8010' }],
      '53/udp': [{ HostPort: '53' }],
      '81/tcp': [{ HostPort: '' }, { HostPort: '0' }, {}],
      '82/tcp': null,
    };
    expect(portNeeds(bindings, [], false)).toEqual([
      fixed(8080, '10.0.0.1'),
      range(8000, 8010),
      fixed(53, '', 'udp'),
    ]);
  });

  it('takes the exposed ports in the network of the host, where bindings mean nothing', () => {
    expect(portNeeds({ '80/tcp': [{ HostPort: '8080' }] }, ['80/tcp', '90-91/udp'], true)).toEqual([
      fixed(80),
      fixed(90, '', 'udp'),
      fixed(91, '', 'udp'),
    ]);
  });

  it.each<[unknown, string]>([
    [{ '80/tcp': [{ HostPort: '70000' }] }, 'host port 70000 does not exist: write a number from 1 to 65535'],
    [{ '80/tcp': [{ HostPort: '-1' }] }, 'host port "-1" is not a port'],
    [
      { '80/tcp': [{ HostPort: '8010-8000' }] },
      'host port range "8010-8000" runs backwards: write 8000-8010',
    ],
    [{ '80/tcp': [{ HostPort: '8000-70000' }] }, 'host port 70000 does not exist'],
    [{ '65536/tcp': [] }, 'container port 65536 does not exist: write a number from 1 to 65535'],
    [{ '80/xyz': [] }, 'container port "80/xyz" is not a port'],
    [{ http: [] }, 'container port "http" is not a port'],
    [[], 'HostConfig.PortBindings is not an object'],
    [{ '80/tcp': {} }, 'HostConfig.PortBindings["80/tcp"] is not a list'],
  ])('refuses %j', (bindings, message) => {
    expect(() => portNeeds(bindings, [], false)).toThrow(message);
  });
});

describe('PortTable', () => {
  it.each<[string, string, boolean]>([
    ['', '10.0.0.1', true],
    ['0.0.0.0', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['0.0.0.0', '::', false],
    ['', '::1', true],
    ['::', '::1', true],
  ])('address %j beside %j clashes: %s', (a, b, expected) => {
    expect(sameAddress(a, b)).toBe(expected);
    expect(sameAddress(b, a)).toBe(expected);
  });

  it('keeps protocols and addresses apart, and frees what is removed', () => {
    const table = new PortTable();
    table.add(fixed(80, '10.0.0.1'));
    expect(table.missing([fixed(80, '10.0.0.2')])).toBeUndefined();
    expect(table.missing([fixed(80, '', 'udp')])).toBeUndefined();
    expect(table.missing([fixed(81), fixed(80)])).toEqual(fixed(80));
    table.remove(fixed(80, '10.0.0.1'));
    expect(table.missing([fixed(80)])).toBeUndefined();
  });

  it('counts the containers that share a range, and what is fixed inside it', () => {
    const table = new PortTable();
    table.add(fixed(8000));
    const first = range(8000, 8002);
    table.add(first);
    expect(table.missing([range(8000, 8002)])).toBeUndefined();
    table.add(range(8000, 8002));
    expect(table.missing([range(8000, 8002)])).toEqual(range(8000, 8002));
    expect(table.missing([fixed(8001)])).toEqual(fixed(8001));
    expect(table.missing([fixed(8003)])).toBeUndefined();
    table.remove(first);
    expect(table.missing([range(8000, 8002)])).toBeUndefined();
  });

  it('finds ports for ranges exactly where there are any', () => {
    // One container that asks twice for the same fixed port is left to its engine, which says so.
    const someRange = (least: number) =>
      fc
        .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: least, max: 3 }))
        .map(([from, more]) => range(from, from + more));
    fc.assert(
      fc.property(
        fc.array(someRange(0), { maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 3 }),
        fc.array(someRange(1), { minLength: 1, maxLength: 3 }),
        (held, taken, asked) => {
          const table = new PortTable();
          for (const port of new Set(taken)) table.add(fixed(port));
          for (const need of held) table.add(need);
          // What was held before can be impossible by itself: such a table says nothing about the request.
          fc.pre(assignable(held, new Set(taken)));
          expect(table.missing(asked) === undefined).toBe(assignable([...held, ...asked], new Set(taken)));
        },
      ),
    );
  });

  it('says what it means', () => {
    expect([rangeText(fixed(80)), specificIp(fixed(80))]).toEqual(['80/tcp', undefined]);
    const some = range(1, 2, '10.0.0.1');
    expect([rangeText(some), specificIp(some)]).toEqual(['1-2/tcp', '10.0.0.1']);
  });
});

/** By trying every choice. */
function assignable(needs: readonly PortNeed[], taken: ReadonlySet<number>): boolean {
  const [need, ...rest] = needs;
  if (need === undefined) return true;
  for (let port = need.from; port <= need.to; port++)
    if (!taken.has(port) && assignable(rest, new Set([...taken, port]))) return true;
  return false;
}
