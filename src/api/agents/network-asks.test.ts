import { beforeEach, describe, expect, it } from 'vitest';
import type { NetworkAsk } from '../../contract/link.ts';
import { systemClock } from '../../kit/clock.ts';
import { BerthError } from '../../kit/errors.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Store } from '../../store/index.ts';
import { networkStore } from '../networks/networks.fixture.ts';
import { NetworkAsks } from './network-asks.ts';

let asks: NetworkAsks;
let full: boolean;
beforeEach(async () => {
  full = false;
  const store = await networkStore();
  const update: Store['update'] = (change) =>
    full ? Promise.reject(new BerthError('unavailable', 'the disk is full')) : store.update(change);
  asks = new NetworkAsks({
    ...{ clock: systemClock, logger: silentLogger },
    store: Object.assign(Object.create(store), { update }),
  });
});

const question: NetworkAsk & { op: 'create-network' } = {
  ...{ op: 'create-network', driver: 'xoverlay' },
  ...{ pools: [], options: {}, internal: false },
};
const ask = (asked: NetworkAsk) => asks.answer('h1', { id: 1, ask: asked });

describe('a question of a host', () => {
  it('may be asked again where the store takes nothing now, and is answered then', async () => {
    full = true;
    expect((await ask(question)).error).toEqual({ message: 'the disk is full', retryable: true });
    full = false;
    const answer = await ask(question);
    expect(answer).toMatchObject({ network: expect.any(String) });
    expect(await ask(question)).toEqual(answer);
  });

  it('is refused for good otherwise', async () => {
    expect((await ask({ ...question, driver: 'nope' })).error).not.toHaveProperty('retryable');
  });
});
