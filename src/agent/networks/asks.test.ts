import { afterEach, describe, expect, it } from 'vitest';
import type { AgentFrame, NetworkAsk } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import { Asks } from './asks.ts';

const ask: NetworkAsk = { op: 'take-address', network: 'n1', endpoint: 'e1', subnet: '10.0.0.0/24' };
let asks: Asks;
afterEach(() => asks.close());

function idOf(frame: AgentFrame | undefined): number {
  return frame?.t === 'ask' ? frame.id : Number.NaN;
}

describe('a question to the manager', () => {
  it('is asked again over the next connection, and answered there', async () => {
    asks = new Asks(silentLogger);
    const sent: AgentFrame[] = [];
    asks.attach((frame) => sent.push(frame));
    const answer = asks.ask(ask);
    asks.detach();
    asks.attach((frame) => sent.push(frame));
    const id = idOf(sent[0]);
    expect(sent).toEqual([
      { t: 'ask', id, ask },
      { t: 'ask', id, ask },
    ]);
    asks.onAnswer({ t: 'answer', id: id + 8 });
    asks.onAnswer({ t: 'answer', id, network: 'n1' });
    // The answer to the first time.
    asks.onAnswer({ t: 'answer', id, network: 'n2' });
    expect(await answer).toMatchObject({ network: 'n1' });
  });

  it('has another number in another life: the manager remembers what it has answered', () => {
    const sent: AgentFrame[] = [];
    for (let life = 0; life < 2; life++) {
      asks = new Asks(silentLogger);
      asks.attach((frame) => sent.push(frame));
      asks.ask(ask).catch(() => undefined);
      asks.close();
    }
    expect(idOf(sent[0])).not.toBe(idOf(sent[1]));
  });

  it('is refused in the manager’s words', async () => {
    asks = new Asks(silentLogger);
    const sent: AgentFrame[] = [];
    asks.attach((frame) => sent.push(frame));
    const answer = asks.ask(ask);
    asks.onAnswer({
      t: 'answer',
      id: idOf(sent[0]),
      error: { message: 'no address is free', hint: 'remove a container' },
    });
    await expect(answer).rejects.toMatchObject({
      code: 'conflict',
      message: 'no address is free',
      hint: 'remove a container',
    });
  });

  it('may be asked again where the manager cannot decide now', async () => {
    asks = new Asks(silentLogger);
    const sent: AgentFrame[] = [];
    asks.attach((frame) => sent.push(frame));
    const answer = asks.ask(ask);
    const { id } = sent[0] as AgentFrame & { t: 'ask' };
    asks.onAnswer({ t: 'answer', id, error: { message: 'the disk is full', retryable: true } });
    await expect(answer).rejects.toMatchObject({ code: 'unavailable', message: 'the disk is full' });
  });

  it('that was given up is told of when its answer comes all the same, once, and not after the connection', async () => {
    asks = new Asks(silentLogger, 20);
    const sent: AgentFrame[] = [];
    const late: unknown[] = [];
    asks.onLateAnswer((asked, { network }) => late.push([asked, network]));
    asks.attach((frame) => sent.push(frame));
    await expect(asks.ask(ask)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(asks.ask(ask)).rejects.toMatchObject({ code: 'unavailable' });
    const [first, second] = sent.map(idOf) as [number, number];
    asks.onAnswer({ t: 'answer', id: first, network: 'n1' });
    asks.onAnswer({ t: 'answer', id: first, network: 'n1' });
    expect(late).toEqual([[ask, 'n1']]);
    asks.detach();
    asks.onAnswer({ t: 'answer', id: second, network: 'n1' });
    expect(late).toHaveLength(1);
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
