import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, newSimulatedEngine, type RawRequest, type SimulatedEngine } from '../engine/index.ts';
import { BerthError } from '../kit/errors.ts';
import type { Desired } from '../model/container.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

type Where = 'before' | 'after';

/**
 * The engine as an agent sees it that is killed at its `at`-th change of the engine, counted from `arm()`: nothing that it
 * asks after that arrives, and (`after`) the answer to that one is lost.
 */
function killedAt(engine: SimulatedEngine, at: number, where: Where) {
  let changes = Number.NEGATIVE_INFINITY;
  let dead = false;
  const guard = async <T>(
    request: Pick<RawRequest, 'method' | 'path' | 'signal'>,
    run: () => Promise<T>,
  ): Promise<T> => {
    if (dead) return unanswered(request.signal);
    const change = request.method !== 'GET' && request.method !== 'HEAD';
    if (change && ++changes === at) {
      dead = true;
      if (where === 'after') await run();
      return unanswered(request.signal);
    }
    return run();
  };
  const wrapped: Engine = {
    ...bound(engine),
    request: (request) => guard(request, () => engine.request(request)),
    json: (method, path, body, signal) =>
      guard({ method, path, signal }, () => engine.json(method, path, body, signal)),
  };
  const arm = () => {
    changes = 0;
  };
  return { wrapped, arm, isDead: () => dead };
}

function unanswered(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

const steps: Record<
  string,
  { before?: Partial<Desired>[]; last: Partial<Desired>; status: string | undefined; starts: number }
> = {
  create: { last: { state: 'created' }, status: 'created', starts: 0 },
  'create and start': { last: { state: 'running', starts: 1 }, status: 'running', starts: 1 },
  'create and pause': { last: { state: 'paused', starts: 1 }, status: 'paused', starts: 1 },
  restart: {
    before: [{ state: 'running', starts: 1 }],
    last: { state: 'running', starts: 2 },
    status: 'running',
    starts: 2,
  },
  stop: {
    before: [{ state: 'running', starts: 1 }],
    last: { state: 'stopped', starts: 1 },
    status: 'exited',
    starts: 1,
  },
  remove: {
    before: [{ state: 'running', starts: 1 }],
    last: { state: 'removed', starts: 1, remove: { force: true, volumes: false } },
    status: undefined,
    starts: 1,
  },
};

const cases = Object.keys(steps).flatMap((name) =>
  [1, 2, 3, 4].flatMap((at) => (['before', 'after'] as const).map((where) => [name, at, where] as const)),
);

describe('killed at any step, and started again', () => {
  it.each(cases)('%s: exactly one container (change %d, %s it)', async (name, at, where) => {
    const { before = [], last, status, starts } = steps[name] ?? { last: {}, status: '', starts: 0 };
    const engine = newSimulatedEngine();
    let started = 0;
    const events = engine.world.events.open({});
    events.on('data', (line) => {
      if (String(line).includes('"Action":"start"')) started++;
    });
    const needs = { networks: [{ id: 'n1', spec: { Name: 'shop' } }], volumes: [{ spec: { Name: 'data' } }] };
    const wishes = [...before, last].map((desired, i) => ({
      ...assignmentRecord('web', { ...desired, generation: i + 1 }),
      needs,
    }));
    const dir = await temporaryDir();

    const { wrapped, arm, isDead } = killedAt(engine, at, where);
    const agent = await openAgent(wrapped, dir);
    const manager = new FakeManager();
    await manager.greet(agent);
    for (const wish of wishes.slice(0, -1)) {
      manager.put(wish);
      await manager.result(wish);
    }
    arm();
    const final = wishes.at(-1) ?? assignmentRecord('web');
    manager.put(final);
    // Where there are fewer changes than that, it is killed with all done.
    await expect
      .poll(
        () => isDead() || manager.results.some(({ generation }) => generation === final.desired.generation),
      )
      .toBe(true);
    // Left where it is, as a killed process would: its file system and its requests stand still. A new one takes over.
    const next = await openAgent(engine, dir);
    const again = new FakeManager();
    await again.greet(next, wishes);
    again.put(final);
    expect((await again.result(final)).error).toBeUndefined();
    await next.idle();

    const containers = engine.world.containers.all();
    expect(containers.map((container) => container.status)).toEqual(status === undefined ? [] : [status]);
    expect(engine.world.networks.all().filter((network) => network.name === 'shop')).toHaveLength(1);
    events.destroy();
    expect(started).toBe(starts);
    expect(again.observed('web')?.generation).toBe(
      status === undefined ? undefined : final.desired.generation,
    );
  });

  const ends: Record<string, (engine: SimulatedEngine) => unknown> = {
    'its process ends': ({ world }) => world.containers.exit(world.containers.get('web'), 137),
    'it is removed': (engine) => engine.json('DELETE', '/containers/web?force=1'),
  };
  const comebacks = Object.keys(ends).flatMap((name) =>
    [1, 2, 3].flatMap((at) => (['before', 'after'] as const).map((where) => [name, at, where] as const)),
  );
  it.each(comebacks)('coming back, as %s: once (change %d, %s it)', async (name, at, where) => {
    const engine = newSimulatedEngine();
    const dir = await temporaryDir();
    const web = assignmentRecord(
      'web',
      { state: 'running', starts: 1 },
      { Labels: { 'berth.restart': 'always' } },
    );
    const { wrapped, arm, isDead } = killedAt(engine, at, where);
    const manager = new FakeManager();
    const agent = await openAgent(wrapped, dir);
    await manager.greet(agent);
    manager.put(web);
    await manager.result(web);
    manager.cut();
    let started = 0;
    engine.world.events.open({}).on('data', (line) => {
      if (String(line).includes('"Action":"start"')) started++;
    });
    arm();
    await ends[name]?.(engine);
    await expect.poll(() => isDead() || started > 0).toBe(true);
    const next = await openAgent(engine, dir);
    await expect.poll(() => engine.world.containers.all().map(({ status }) => status)).toEqual(['running']);
    await next.idle();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(engine.world.containers.all().map(({ status }) => status)).toEqual(['running']);
    expect(started).toBe(1);
  });

  it('adopts a container that the engine was still making when the agent was killed', async () => {
    const engine = newSimulatedEngine();
    const dir = await temporaryDir();
    const web = assignmentRecord('web');
    const { wrapped, arm, isDead } = killedAt(engine, 1, 'before');
    const first = new FakeManager();
    await first.greet(await openAgent(wrapped, dir));
    arm();
    first.put(web);
    await expect.poll(isDead).toBe(true);
    // The name is taken at once, and the container shows only later: as a real engine that is busy does.
    let tries = 0;
    const busy: Engine = {
      ...bound(engine),
      json: async (method, path, body, signal) => {
        if (path.includes('/containers/create') && ++tries === 1) {
          setTimeout(() => void engine.json(method, path, body), 700);
        }
        if (path.includes('/containers/create') && engine.world.containers.all().length === 0) {
          throw new BerthError('engine', 'Conflict. The container name "/web" is already in use', {
            status: 409,
          });
        }
        return engine.json(method, path, body, signal);
      },
    };
    const again = new FakeManager();
    await again.greet(await openAgent(busy, dir), [web]);
    expect((await again.result(web)).error).toBeUndefined();
    expect(engine.world.containers.all()).toHaveLength(1);
  });
});

function bound(engine: Engine): Engine {
  return {
    request: (request) => engine.request(request),
    upgrade: (request) => engine.upgrade(request),
    json: (method, path, body, signal) => engine.json(method, path, body, signal),
    close: () => {},
  };
}
