import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostStateOf, type LifeSigns } from './host-state.ts';

const settings = { suspectAfterMs: 2500, downAfterMs: 5000 };
const well: LifeSigns = {
  connected: true,
  reported: true,
  engine: true,
  engineReason: '',
  lastHeardAt: 100_000,
  heard: true,
  closeReason: '',
  dead: undefined,
};

describe('hostStateOf', () => {
  it.each([
    ['a host that is heard and has reported', well, 500, 'ready', ''],
    ['one that is late', well, 3000, 'suspect', 'no heartbeat for 3 s'],
    ['one that is silent', well, 5000, 'down', 'nothing comes on its connection'],
    [
      'one that has not reported yet',
      { ...well, reported: false },
      100,
      'pending',
      'connected, first report not in yet',
    ],
    [
      'one whose engine is gone',
      { ...well, engine: false, engineReason: 'its Docker Engine does not answer: ENOENT' },
      100,
      'suspect',
      'its Docker Engine does not answer: ENOENT',
    ],
    [
      'one whose connection just broke',
      { ...well, connected: false, closeReason: 'reset' },
      100,
      'suspect',
      'connection lost: reset',
    ],
    [
      'one whose connection broke long ago',
      { ...well, connected: false, closeReason: 'reset' },
      6000,
      'down',
      'no connection: reset',
    ],
    [
      'one that never came, just now',
      { ...well, connected: false, heard: false },
      100,
      'pending',
      'has not connected yet',
    ],
    [
      'one that never came',
      { ...well, connected: false, heard: false },
      6000,
      'down',
      'has not connected since the manager started',
    ],
  ] as const)('%s', (_, signs, silent, state, reason) => {
    expect(hostStateOf(signs, 100_000 + silent, settings)).toEqual({ state, reason });
  });

  it('is down before its time where its machine is gone, and says so until its silence alone is enough', () => {
    const dead = { ...well, dead: 'gone' };
    expect(hostStateOf(dead, 101_500, settings)).toEqual({ state: 'down', reason: 'gone', confirmed: true });
    expect(hostStateOf(dead, 105_000, settings)).toEqual({
      state: 'down',
      reason: 'nothing comes on its connection',
    });
  });

  it('is ready only where connected, reported, with an engine, and heard in time; says why otherwise', () => {
    const signs = fc.record({
      connected: fc.boolean(),
      reported: fc.boolean(),
      engine: fc.boolean(),
      engineReason: fc.string(),
      lastHeardAt: fc.integer({ min: 0, max: 20_000 }),
      heard: fc.boolean(),
      closeReason: fc.string(),
      dead: fc.constantFrom(undefined, 'dead'),
    });
    fc.assert(
      fc.property(signs, (s) => {
        const { state, reason } = hostStateOf(s, 20_000, settings);
        const inTime = 20_000 - s.lastHeardAt < settings.suspectAfterMs && s.dead === undefined;
        const fit = s.connected && s.reported && s.engine && inTime;
        expect(state === 'ready').toBe(fit);
        expect(reason === '').toBe(fit);
      }),
    );
  });
});
