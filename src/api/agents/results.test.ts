import { describe, expect, it } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import type { Container } from '../../model/container.ts';
import { ActionResults } from './results.ts';

const clock = { ...systemClock, now: () => 1000 };
const there = () => ({ hostId: 'h1', hostName: 'alpha', connected: true });

describe('ActionResults', () => {
  it('resolves who waits for the generation or an earlier one', async () => {
    const results = new ActionResults(there, clock);
    const first = results.settled('c', 1);
    const second = results.settled('c', 2);
    results.add({ id: 'c', generation: 1 });
    await expect(first).resolves.toMatchObject({ generation: 1 });
    results.add({ id: 'c', generation: 3 });
    await expect(second).resolves.toMatchObject({ generation: 3 });
  });

  it('answers at once where the result was faster than the question', async () => {
    const results = new ActionResults(there, clock);
    results.add({ id: 'c', generation: 2 });
    await expect(results.settled('c', 2)).resolves.toMatchObject({ generation: 2 });
  });

  it("rejects with the engine's own status and words", async () => {
    const results = new ActionResults(there, clock);
    const waiting = results.settled('c', 1);
    results.add({ id: 'c', generation: 1, error: { status: 404, message: 'No such image: x:latest' } });
    await expect(waiting).rejects.toMatchObject({
      code: 'engine',
      status: 404,
      message: 'No such image: x:latest',
    });
  });

  it('rejects at once where the host is not connected, and where it is lost while waiting', async () => {
    let connected = false;
    const results = new ActionResults(() => ({ hostId: 'h1', hostName: 'alpha', connected }), clock);
    await expect(results.settled('c', 1)).rejects.toMatchObject({ code: 'host_down' });
    connected = true;
    const waiting = results.settled('c', 1);
    results.lost('h2', 'beta');
    results.lost('h1', 'alpha');
    await expect(waiting).rejects.toThrow('host alpha is not connected');
  });

  it('lets go of a waiter whose client went away', async () => {
    const results = new ActionResults(there, clock);
    const client = new AbortController();
    const waiting = results.settled('c', 1, client.signal);
    client.abort(new Error('client went away'));
    await expect(waiting).rejects.toThrow('client went away');
    results.add({ id: 'c', generation: 1 });
  });

  it('knows what a host has been given and has not acted on, but nothing of the time before', () => {
    const results = new ActionResults(there, clock);
    const given = (at: number, generation: number) =>
      ({ id: 'c', assigned: { hostId: 'h1', at }, desired: { generation } }) as Container;
    expect(results.isDue(given(1000, 1))).toBe(true);
    expect(results.isDue(given(999, 1))).toBe(false);
    results.add({ id: 'c', generation: 1 });
    expect(results.isDue(given(1000, 1))).toBe(false);
    expect(results.isDue(given(1000, 2))).toBe(true);
  });

  it('tells who waits for a container whose record goes', async () => {
    const results = new ActionResults(there, clock);
    const waiting = results.settled('c', 1);
    results.forget('c');
    await expect(waiting).rejects.toMatchObject({ code: 'not_found' });
  });
});
