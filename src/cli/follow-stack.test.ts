import { expect, it } from 'vitest';
import type { ServiceView, StackView } from '../contract/v1/services.ts';
import { BerthError } from '../kit/errors.ts';
import { withManager } from './testing/run.ts';

const service = (more: Partial<ServiceView> = {}): ServiceView => ({
  ...{ stack: 'shop', name: 'web', image: 'web:1', mode: 'replicated', scale: null, wanted: 1, running: 1 },
  ...{
    ready: 1,
    current: 1,
    waiting: '',
    release: { number: 2, state: 'done', reason: '' },
    removing: false,
  },
  ...more,
});
const going = service({ ready: 0, release: { number: 2, state: 'releasing', reason: '' } });
const look = (services: ServiceView[], more: Partial<StackView> = {}) => ({
  ...{ name: 'shop', generation: 1, at: 1, by: 'root', removing: false, services, ...more },
  spec: {
    ...{ kind: 'stack' as const, name: 'shop', services: [], externals: [], networks: [], volumes: [] },
    ...{ configs: [], secrets: [] },
  },
});
const away = (): never => {
  throw new BerthError('unavailable', 'the manager begins anew');
};
const restart = ['service', 'restart', 'shop/web'];

/** Time that goes on by sleeping alone. */
function sleptClock(onSleep: () => void = () => undefined) {
  let now = 1_000;
  return {
    now: () => now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      now += ms;
      onSleep();
      if (signal?.aborted) throw signal.reason;
    },
  };
}

async function manager(looks: (() => ReturnType<typeof look>)[]) {
  const last = looks.at(-1) ?? away;
  return withManager({
    'service.restart': () => going,
    'stack.get': () => (looks.shift() ?? last)(),
    'stack.remove': () => ({}),
    'volume.list': () => ({ volumes: [] }),
    'stack.list': () => {
      const { spec: _, ...stack } = (looks.shift() ?? last)();
      return { stacks: [stack] };
    },
  });
}

it('asks a manager that begins anew again', async () => {
  const { berth } = await manager([() => look([going]), away, away, away, () => look([service()])]);
  const { code, stdout, stderr } = await berth(restart, { clock: sleptClock() });
  expect([code, stdout]).toEqual([0, 'shop/web is release 2\n']);
  expect(stderr.split('\n')).toEqual([
    'web: 0/1 ready, release 2 releasing',
    'the manager begins anew; it is asked again for 30 s',
    'the manager answers again',
    'web: 1/1 ready, release 2 done',
    '',
  ]);
});

it('says that it goes on where the manager stays away, and how to look', async () => {
  const { berth, manager: api } = await manager([() => look([going]), away]);
  const { code, stderr } = await berth(restart, { clock: sleptClock() });
  expect(code).toBe(6);
  expect(stderr).toMatch(
    /berth: the manager begins anew, for 3\d s; what was begun goes on all the same, or with the manager's next start → "berth stack ps shop" shows how far it is/,
  );
  const tries = api.calls.filter(({ name }) => name === 'stack.get').length;
  expect(tries).toBeGreaterThan(8);
  expect(tries).toBeLessThan(25);
  const short = await berth([...restart, '--timeout', '2'], { clock: sleptClock() });
  expect(short.code).toBe(6);
  expect(short.stderr).toMatch(/for [23] s; what was begun/);
});

it('does not ask again what was refused', async () => {
  const { berth } = await manager([
    () => {
      throw new BerthError('forbidden', 'the session has ended');
    },
  ]);
  expect((await berth(restart)).code).toBe(7);
});

it('says that the stack or the service was taken away meanwhile', async () => {
  const gone = () => {
    throw new BerthError('not_found', 'there is no stack "shop"');
  };
  for (const end of [gone, () => look([service({ removing: true })], { removing: true })]) {
    const { berth } = await manager([() => look([going]), end]);
    const { code, stderr } = await berth(restart, { clock: sleptClock() });
    expect(code).toBe(3);
    expect(stderr).toContain(
      'berth: stack shop was taken away meanwhile: what was begun does not come to its end → "berth audit" says by whom',
    );
  }
  const { berth } = await manager([() => look([going]), () => look([])]);
  expect(await berth(restart, { clock: sleptClock() })).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('service web of stack shop was taken away meanwhile'),
  });
});

it('does not say of a service that was set to 0 that both versions are there', async () => {
  for (const [count, is] of [
    [1, true],
    [0, false],
  ] as const) {
    const release = { number: 2, state: 'waiting' as const, reason: '' };
    const { berth } = await manager([() => look([service({ wanted: count, ready: count, release })])]);
    const { code, stderr } = await berth(restart, { clock: sleptClock() });
    expect([code, stderr.includes('both versions are there')]).toEqual([0, is]);
  }
});

it('says at Ctrl-C that it goes on, and how to look', async () => {
  for (const [args, text] of [
    [restart, 'what was begun goes on all the same: "berth stack ps shop" shows how far it is\n'],
    [
      ['stack', 'rm', 'shop', '--yes'],
      'taking shop away goes on all the same: "berth stack ls" shows how far it is\n',
    ],
  ] as const) {
    const { berth } = await manager([() => look([going])]);
    const interrupt = new AbortController();
    const clock = sleptClock(() => interrupt.abort(new Error('interrupted')));
    const { code, stderr } = await berth(args, { clock, signal: interrupt.signal });
    expect(code).toBe(130);
    expect(stderr.endsWith(text), stderr).toBe(true);
  }
});
