import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf, WIDTH } from './layout.ts';
import {
  type Edge,
  idOf,
  namesAt,
  type Part,
  type PartKind,
  type Shape,
  type StackSpec,
  shapeOf,
} from './shape.ts';

const part = (kind: PartKind, name: string): Part => ({ id: idOf(kind, name), kind, name, isOutside: false });
const service = (i: number) => part('service', `s${i}`);
const waits = (from: number, to: number): Edge => ({
  kind: 'waits',
  from: idOf('service', `s${from}`),
  to: idOf('service', `s${to}`),
});

const shapes = fc
  .record({
    services: fc.integer({ min: 0, max: 50 }),
    volumes: fc.integer({ min: 0, max: 12 }),
    networks: fc.integer({ min: 0, max: 6 }),
    pairs: fc.array(fc.tuple(fc.nat(49), fc.nat(49)), { maxLength: 80 }),
  })
  .map(({ services, volumes, networks, pairs }): Shape => {
    const many = (kind: PartKind, count: number) =>
      Array.from({ length: count }, (_, i) => part(kind, `${kind[0]}${i}`));
    const inside = pairs.filter(([a, b]) => a < services && b < services);
    return {
      parts: [...many('service', services), ...many('volume', volumes), ...many('network', networks)],
      edges: [
        ...inside.map(([a, b]) => waits(a, b)),
        ...inside.flatMap(([a, b]): Edge[] =>
          networks === 0
            ? []
            : [{ kind: 'joins', from: idOf('service', `s${a}`), to: idOf('network', `n${b % networks}`) }],
        ),
      ],
    };
  });

describe('the layout', () => {
  it('lays nothing over anything else, circles and all, and within its size', () => {
    fc.assert(
      fc.property(shapes, fc.boolean(), (shape, withNetworks) => {
        const { placed, width, height } = layoutOf(shape, withNetworks);
        expect(placed).toHaveLength(
          shape.parts.filter(({ kind }) => withNetworks || kind !== 'network').length,
        );
        for (const [i, a] of placed.entries()) {
          expect(a.x >= 0 && a.y >= 0 && a.x + WIDTH <= width && a.y + a.height <= height).toBe(true);
          for (const b of placed.slice(i + 1))
            expect(
              a.x + WIDTH <= b.x || b.x + WIDTH <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
            ).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has what is waited for to the right of those that wait', () => {
    const { placed, lines } = layoutOf(
      { parts: [service(0), service(1), service(2)], edges: [waits(2, 0), waits(0, 1), waits(2, 1)] },
      true,
    );
    const x = new Map(placed.map((one) => [one.part.name, one.x]));
    expect((x.get('s2') ?? 0) < (x.get('s0') ?? 0) && (x.get('s0') ?? 0) < (x.get('s1') ?? 0)).toBe(true);
    expect(lines).toHaveLength(3);
  });
});

it('reads of a stack what hangs together', () => {
  const container = (name: string) => ({
    Image: name,
    HostConfig: { Binds: ['shop_data:/data', '/srv/x:/x'], NetworkMode: 'shop_default' },
  });
  const made = (name: string, dependsOn: string[]) => ({
    ...{ name, container: container(name), dependsOn: dependsOn.map((one) => ({ service: one })) },
  });
  const spec = {
    services: [made('web', ['db', 'gone']), made('db', [])],
    volumes: [{ key: 'data', external: false, spec: { Name: 'shop_data' } }],
    networks: [{ key: 'default', external: false, spec: { Name: 'shop_default' } }],
    externals: [{ name: 'erp' }],
  } as unknown as StackSpec;
  const shape = shapeOf(spec, [
    { name: 'shop.example.com', service: 'web' },
    { name: 'old', service: 'gone' },
  ]);
  expect(shape.parts.map(({ id }) => id)).toEqual([
    ...[
      'lead/shop.example.com',
      'service/web',
      'service/db',
      'volume/data',
      'external/erp',
      'network/default',
    ],
  ]);
  expect(namesAt(shape, 'service/web', 'waits', 'from')).toEqual(['db']);
  expect(namesAt(shape, 'service/web', 'leads', 'to')).toEqual(['shop.example.com']);
  expect(namesAt(shape, 'volume/data', 'mounts', 'to')).toEqual(['db', 'web']);
  expect(namesAt(shape, 'service/db', 'joins', 'from')).toEqual(['default']);
});
