import { describe, expect, it } from 'vitest';
import { roomFor } from './sandbox-routes.ts';

const names = [{ destination: '169.254.53.53/32' }];

describe('routes of a container on several networks', () => {
  it('are as they were asked for on the first', () => {
    expect(roomFor(names, [])).toEqual(names);
  });

  it('lead to the same address by a shorter prefix on each further one', () => {
    const taken: string[] = [];
    for (let network = 0; network < 6; network++)
      taken.push(...roomFor(names, taken).map((route) => route.destination));
    expect(taken).toEqual([
      ...['169.254.53.53/32', '169.254.53.52/31', '169.254.53.52/30'],
      ...['169.254.53.48/29', '169.254.53.48/28', '169.254.53.32/27'],
    ]);
  });

  it('take the place of one that has gone', () => {
    expect(roomFor(names, ['169.254.53.52/31'])).toEqual(names);
  });

  it('are left out where there is no room, or a subnet is there already', () => {
    const all = Array.from({ length: 17 }).reduce<string[]>(
      (taken) => [...taken, ...roomFor(names, taken).map((route) => route.destination)],
      [],
    );
    expect(roomFor(names, all)).toEqual([]);
    expect(roomFor([{ destination: '10.1.0.0/16' }], ['10.1.0.0/16'])).toEqual([]);
  });
});
