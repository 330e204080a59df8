import { describe, expect, it } from 'vitest';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { hostOf } from './fixture.ts';
import { planOnMap } from './flows.ts';
import { isHostMatch, isSamePaint, isSameUse, type PaintOptions, paintOf } from './host-paint.ts';
import { FIRST_SERVICE, NO_SERVICE, SERVICE_COLOURS, serviceColours, TONES } from './look.ts';

const of = (name: string, more: Partial<ContainerView> = {}): ContainerView => ({
  ...{
    id: `id-${name}`,
    name,
    managed: true,
    hostId: 'id-h1',
    hostName: 'h1',
    image: 'busybox',
    command: '',
  },
  ...{ state: 'running', health: 'none', exitCode: 0, createdAt: 0, startedAt: 0, ports: [] },
  ...more,
});
const shop = (name: string) => ({ service: { stack: 'shop', name } });
const options = (more: Partial<PaintOptions> = {}): PaintOptions => ({
  ...{ by: 'health', colours: new Map(), words: [], leaving: new Set(), coming: new Map() },
  ...more,
});

describe('what is drawn of a host', () => {
  const host = hostOf('h1', { rack: 'r1' });
  const there = [
    of('a'),
    of('b', { health: 'unhealthy' }),
    of('c', { state: 'exited' }),
    of('d', { state: 'restarting' }),
  ];

  it('is coloured by health, or by service', () => {
    expect([...paintOf(host, there, options()).colours]).toEqual([
      TONES.good,
      TONES.bad,
      TONES.idle,
      TONES.busy,
    ]);
    expect([...paintOf({ ...host, state: 'down' }, there, options()).colours]).toEqual(
      Array(4).fill(TONES.bad),
    );
    const colours = serviceColours(['shop/web', 'shop/db']);
    const own = [of('a', shop('web')), of('b', shop('db')), of('c')];
    const paint = paintOf(host, own, options({ by: 'service', colours }));
    expect([...paint.colours]).toEqual([colours.get('shop/web'), colours.get('shop/db'), NO_SERVICE]);
    expect(paint.strip.reduce((sum, [, count]) => sum + count, 0)).toBe(3);
  });

  it('is dimmed where it has not all the words, of its own or of the host', () => {
    const match = (...words: string[]) => [...(paintOf(host, there, options({ words })).matches ?? ['all'])];
    expect(match()).toEqual(['all']);
    expect(match('rack=r1')).toEqual(['all']);
    expect(match('rack=r1', 'unhealthy')).toEqual([0, 1, 0, 0]);
    expect(match('rack=r2', 'unhealthy')).toEqual([0, 0, 0, 0]);
    expect(paintOf(host, there, options({ words: ['nothing'] })).isMatch).toBe(false);
    expect(isHostMatch(host, there, ['exited'])).toBe(true);
    expect(isHostMatch(host, there, ['exited', 'r9'])).toBe(false);
  });

  it('has room for what would come, and knows what would go', () => {
    const plan = planOnMap([
      { id: 'id-b', name: 'b', from: 'h1', to: 'h2' },
      { id: 'id-x', name: 'x', from: 'h3', to: 'h1' },
      { id: 'id-y', name: 'y', from: 'h3', to: 'h1' },
    ]);
    expect(plan.flows).toEqual([
      { from: 'h3', to: 'h1', count: 2 },
      { from: 'h1', to: 'h2', count: 1 },
    ]);
    const paint = paintOf(host, there, options(plan));
    expect(paint.coming).toBe(2);
    expect(paint.cells.count).toBe(6);
    expect([...paint.leaving]).toEqual([1]);
  });

  it('is filled by what is reserved, and by what is used where that is known', () => {
    const engine = { cpus: 4, memory: 1000 } as never;
    const own = { ...host, engine, reserved: { cpuMilli: 1000, memory: 100 } };
    const paint = paintOf(own, [], options(), { cpuMilli: 2000, memory: 250 });
    expect(paint).toMatchObject({ reserved: { cpu: 0.25, memory: 0.1 }, used: { cpu: 0.5, memory: 0.25 } });
    expect(isSameUse(paint, { cpuMilli: 2010, memory: 251 })).toBe(true);
    expect(isSameUse(paint, { cpuMilli: 2100, memory: 250 })).toBe(false);
    expect(isSameUse(paint, undefined)).toBe(false);
    expect(paintOf(host, [], options())).toMatchObject({ reserved: { cpu: 0, memory: 0 }, used: undefined });
  });

  it('is the same as long as nothing of it that is drawn is another', () => {
    const paint = paintOf(host, there, options());
    expect(isSamePaint(paint, { ...host, lastHeardAt: 77 }, there)).toBe(true);
    expect(isSamePaint(paint, { ...host, cordoned: true }, there)).toBe(false);
    expect(isSamePaint(paint, host, [...there])).toBe(false);
  });
});

it('gives services colours of their own while there are enough, and the same ones again', () => {
  const names = Array.from({ length: SERVICE_COLOURS }, (_, i) => `stack/service-${i}`);
  const colours = serviceColours(names);
  expect([...colours.values()].sort((a, b) => a - b)).toEqual(names.map((_, i) => FIRST_SERVICE + i));
  expect(serviceColours([...names].reverse())).toEqual(colours);
  // Three times as many: three of each.
  const more = [...serviceColours(names.flatMap((name) => [name, `${name}-b`, `${name}-c`])).values()];
  const counts = names.map((_, i) => more.filter((colour) => colour === FIRST_SERVICE + i).length);
  expect(counts).toEqual(names.map(() => 3));
});
