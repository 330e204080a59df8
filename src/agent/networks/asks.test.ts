import { afterEach, describe, expect, it } from 'vitest';
import type { AgentFrame, NetworkAsk } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import { Asks } from './asks.ts';

const ask: NetworkAsk = { op: 'take-address', network: 'n1', endpoint: 'e1', subnet: '10.0.0.0/24' };
let asks: Asks;
afterEach(() => asks.close());

describe('a question to the manager', () => {
  it('is asked again over the next connection, and answered there', async () => {
    asks = new Asks(silentLogger);
    const sent: AgentFrame[] = [];
    asks.attach((frame) => sent.push(frame));
    const answer = asks.ask(ask);
    asks.detach();
    asks.attach((frame) => sent.push(frame));
    expect(sent).toEqual([
      { t: 'ask', id: 1, ask },
      { t: 'ask', id: 1, ask },
    ]);
    asks.onAnswer({ t: 'answer', id: 9 });
    asks.onAnswer({ t: 'answer', id: 1, network: 'n1' });
    // The answer to the first time.
    asks.onAnswer({ t: 'answer', id: 1, network: 'n2' });
    expect(await answer).toMatchObject({ network: 'n1' });
  });

  it('is refused in the manager’s words', async () => {
    asks = new Asks(silentLogger);
    const answer = asks.ask(ask);
    asks.onAnswer({
      t: 'answer',
      id: 1,
      error: { message: 'no address is free', hint: 'remove a container' },
    });
    await expect(answer).rejects.toMatchObject({
      code: 'conflict',
      message: 'no address is free',
      hint: 'remove a container',
    });
  });

  it('is given up after a while, and when the agent stops', async () => {
    asks = new Asks(silentLogger, 20);
    await expect(asks.ask(ask)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'no manager has answered within 0.02 s (asked for an address of 10.0.0.0/24)',
    });
    const answer = asks.ask(ask);
    asks.close();
    await expect(answer).rejects.toThrow('the agent is stopping');
  });
});
