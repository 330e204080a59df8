import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Calls } from '../../../src/contract/client-over.ts';
import type { EventStreamOptions } from '../../../src/contract/event-stream.ts';
import { BerthError } from '../../../src/contract/page-client.ts';
import type { ChangeEvent } from '../../../src/contract/v1/cluster.ts';
import { columnsOf } from '../../../src/contract/v1/container-columns.ts';
import { LiveCluster, type Picture } from './live.ts';

const container = (id: string, more: object = {}) => ({
  ...{ id, name: id, managed: true, hostId: 'h-1', hostName: 'h1', image: 'busybox', command: '' },
  ...{ state: 'running', health: 'none', exitCode: 0, createdAt: 1, startedAt: 2, ports: [] },
  ...more,
});
const told = (id: string, more: object = {}) =>
  ({
    ...{ kind: 'container', change: 'changed', id, name: id, managed: true, hostId: 'h-1' },
    ...{ state: 'exited', health: 'none', image: 'busybox' },
    ...more,
  }) as ChangeEvent;

/** A manager that answers as it is told. */
class FakeManager {
  containers = [container('web')];
  nodes = [{ id: 'h-1', name: 'h1', state: 'ready', cordoned: false }];
  /** What it was asked, without the first word of each. */
  readonly asked: string[] = [];
  options: EventStreamOptions = {};
  /** Where its stream stands. */
  position = 'e-0';
  /** Thrown at the next question, and at those behind it. */
  refusal: BerthError | undefined;
  /** Until it is resolved, lists are not answered. */
  held: Promise<void> = Promise.resolve();
  private readonly queue: (ChangeEvent | Error)[] = [];
  private wake = () => {};
  private count = 0;

  tell(...events: (ChangeEvent | Error)[]): void {
    this.queue.push(...events);
    this.wake();
  }

  readonly calls = {
    call: async (name: string, input: { container?: string } = {}) => {
      this.asked.push(name);
      await this.held;
      if (this.refusal !== undefined) throw this.refusal;
      if (name === 'node.list') return { nodes: this.nodes };
      return this.containers.find(({ id }) => id === input.container) ?? Promise.reject(gone());
    },
    lines: (name: string) => this.lines(name),
    events: (options: EventStreamOptions) => this.events(options),
  } as unknown as Calls;

  private async *lines(name: string) {
    this.asked.push(name);
    await this.held;
    if (this.refusal !== undefined) throw this.refusal;
    for (const { id, name: hostName } of this.nodes)
      yield columnsOf(
        id,
        hostName,
        this.containers.filter(({ hostId }) => hostId === id),
      );
  }

  private async *events(options: EventStreamOptions) {
    this.options = options;
    options.onState?.('open');
    if (options.after === undefined) options.onPosition?.(this.position);
    for (;;) {
      const event = this.queue.shift();
      if (event instanceof Error) throw event;
      if (event !== undefined) yield { id: `e-${++this.count}`, event };
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

const setVisible = (isVisible: boolean) => {
  Object.assign(document, { visibilityState: isVisible ? 'visible' : 'hidden' });
  document.dispatchEvent(new Event('visibilitychange'));
};
const gone = () => new BerthError('not_found', 'No such container');

let manager: FakeManager;
let live: LiveCluster;
let loggedOut: number;
let stop: () => void;

beforeEach(() => {
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('window', new EventTarget());
  manager = new FakeManager();
  loggedOut = 0;
  live = new LiveCluster(manager.calls, () => loggedOut++);
  stop = live.start();
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const until = (met: (picture: Picture) => boolean) =>
  vi.waitFor(() => expect(met(live.snapshot())).toBe(true), { timeout: 20_000 });
const stateOf = (id: string) => live.snapshot().containers.find((one) => one.id === id)?.state;

describe('the live picture', () => {
  it('is all that there is, once the stream stands', async () => {
    const fresh = new LiveCluster(manager.calls, () => undefined).snapshot();
    expect(fresh).toMatchObject({ complete: false, connection: { state: 'connecting' } });
    await until(({ complete }) => complete);
    expect(live.snapshot()).toMatchObject({
      ...{ connection: { state: 'live' }, nodes: [{ id: 'h-1' }], containers: [{ id: 'web' }] },
    });
  });

  it('changes with what is told, and asks for what that does not carry', async () => {
    await until(({ complete }) => complete);
    manager.containers = [container('db', { command: 'postgres', state: 'created' })];
    manager.tell(told('web', { change: 'removed' }), told('db', { change: 'added', state: 'created' }));
    await until(() => stateOf('web') === undefined && stateOf('db') === 'created');
    await until(({ containers }) => containers[0]?.command === 'postgres');
    expect(live.snapshot().happened.map(({ event }) => event.kind === 'container' && event.id)).toEqual([
      'db',
      'web',
    ]);
    manager.tell(told('db', { state: 'running', startedAt: 77 }));
    await until(({ containers }) => containers[0]?.startedAt === 77);
  });

  it('holds what was told while all was read, which may be older', async () => {
    await until(({ complete }) => complete);
    let go = () => {};
    manager.held = new Promise((resolve) => {
      go = resolve;
    });
    manager.tell({ kind: 'reset' }, told('web', { state: 'paused' }));
    await expect.poll(() => manager.asked.filter((name) => name === 'node.list').length).toBe(2);
    // The list that comes now was made before that was told.
    go();
    await until(() => stateOf('web') === 'paused');
  });

  it('stays as it was while the connection is lost', async () => {
    await until(({ complete }) => complete);
    manager.options.onState?.('lost');
    expect(live.snapshot()).toMatchObject({ connection: { state: 'lost' }, containers: [{ id: 'web' }] });
    manager.options.onState?.('open');
    expect(live.snapshot().connection.state).toBe('live');
  });

  it('ends with the session, and goes on from there with the next one', async () => {
    await until(({ complete }) => complete);
    manager.tell(told('web', { state: 'paused' }));
    await until(() => stateOf('web') === 'paused');
    manager.tell(new BerthError('unauthenticated', 'this token has ended'));
    await expect.poll(() => loggedOut).toBe(1);
    expect(live.snapshot().connection.state).toBe('lost');
    live.retry();
    await until(({ connection }) => connection.state === 'live');
    expect(manager.options.after).toBe('e-1');
  });

  it('goes on from where it was before anything had happened, once it is looked at again', async () => {
    await until(({ complete }) => complete);
    vi.useFakeTimers();
    setVisible(false);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(manager.options.signal?.aborted).toBe(true);
    expect(live.snapshot().isSeen).toBe(false);
    setVisible(true);
    expect(live.snapshot().isSeen).toBe(true);
    await expect.poll(() => manager.options.signal?.aborted).toBe(false);
    expect(manager.options.after).toBe('e-0');
  });

  it('holds no connection where it was opened behind another page', async () => {
    vi.useFakeTimers();
    setVisible(false);
    const other = new FakeManager();
    const end = new LiveCluster(other.calls, () => undefined).start();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(other.options.signal?.aborted).toBe(true);
    end();
  });

  it('reads all once more where something was missed while it was read', async () => {
    await until(({ complete }) => complete);
    let go = () => {};
    manager.held = new Promise((resolve) => {
      go = resolve;
    });
    manager.tell({ kind: 'reset' });
    await expect.poll(() => manager.asked.filter((name) => name === 'node.list').length).toBe(2);
    // Answered already, it is of before the second one.
    manager.tell({ kind: 'reset' }, told('web', { state: 'paused' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    go();
    await until(({ reads }) => reads === 2);
    expect(manager.asked.filter((name) => name === 'container.columns').length).toBe(3);
  });

  it('asks again for what was not to be had', async () => {
    await until(({ complete }) => complete);
    manager.refusal = new BerthError('unavailable', 'the manager does not answer');
    manager.containers = [container('web'), container('db', { command: 'postgres' })];
    manager.tell(told('db', { change: 'added' }));
    await until(() => stateOf('db') === 'exited');
    await expect.poll(() => manager.asked.filter((name) => name === 'node.list').length).toBe(2);
    manager.options.onState?.('lost');
    manager.refusal = undefined;
    manager.options.onState?.('open');
    await until(({ containers }) => containers.some(({ command }) => command === 'postgres'));
  });

  it('has no host that was removed while all of them were read', async () => {
    await until(({ complete }) => complete);
    let go = () => {};
    manager.held = new Promise((resolve) => {
      go = resolve;
    });
    const host = { ...{ kind: 'node', id: 'h-1', name: 'h1', state: 'ready', cordoned: true, reason: '' } };
    manager.tell({ ...host, change: 'changed' } as ChangeEvent);
    await expect.poll(() => manager.asked.filter((name) => name === 'node.list').length).toBe(2);
    manager.tell({ ...host, change: 'removed' } as ChangeEvent);
    await until(({ nodes }) => nodes.length === 0);
    go();
    await expect.poll(() => live.snapshot().nodes.length).toBe(1);
    manager.nodes = [];
    await until(({ nodes }) => nodes.length === 0);
  });

  it('comes back by itself, whatever it was that has ended the stream', async () => {
    await until(({ complete }) => complete);
    manager.tell(new BerthError('internal', 'the manager answered with status 502 and no reason'));
    await until(({ connection }) => connection.state === 'lost');
    await until(({ connection }) => connection.state === 'live');
    expect(loggedOut).toBe(0);
  });
});
