import { expect, it } from 'vitest';
import type { Release } from '../../../contract/v1/releases.ts';
import type { ServiceView } from '../../../contract/v1/services.ts';
import { BerthError } from '../../../kit/errors.ts';
import { withManager } from '../../testing/run.ts';

const bad: Release = {
  ...{ number: 3, at: 1, by: 'ann', cause: { kind: 'deploy' }, changes: [], state: 'done', reason: '' },
  ...{ failed: [], image: 'web:3' },
};
const view: ServiceView = {
  ...{ stack: 'two', name: 'a', image: 'web:1', mode: 'replicated', scale: null, wanted: 1, running: 1 },
  ...{ ready: 1, current: 1, waiting: '', release: { number: 4, state: 'releasing', reason: '' } },
  removing: false,
};
const own = { stack: 'two', service: 'a' };
const back = ['release', 'rollback', 'two/a', '--detach'];

/** A service at `release()`, whose manager refuses what was seen of another one. */
async function manager(release: () => Release) {
  return withManager({
    'release.status': () => ({
      ...{ release: release(), kind: 'rolling', waiting: '', next: '', versions: [], missing: [] },
    }),
    'release.rollback': ({ release: seen }) => {
      if (seen !== undefined && seen !== 3)
        throw new BerthError('conflict', `service a is at release 3 by now, not ${seen}`);
      return view;
    },
  });
}

it('goes back from the release that it has seen, unless it is told to which one', async () => {
  let release = bad;
  const { berth, manager: api } = await manager(() => release);
  expect(await berth(back)).toMatchObject({ code: 0, stdout: 'two/a is release 4\n' });
  release = { ...bad, number: 2 };
  expect(await berth(back)).toMatchObject({ code: 4, stdout: '' });
  expect((await berth([...back, '--to', '1'])).code).toBe(0);
  const sent = api.calls.filter(({ name }) => name === 'release.rollback').map(({ input }) => input);
  expect(sent).toEqual([
    { ...own, release: 3 },
    { ...own, release: 2 },
    { ...own, to: 1 },
  ]);
});

it('does not undo a way back that is under way, and says whose that is', async () => {
  const cause = { kind: 'rollback' as const, to: 1, automatic: false };
  let release: Release = { ...bad, number: 4, by: 'bob', state: 'releasing', cause };
  const { berth, manager: api } = await manager(() => release);
  const { code, stdout, stderr } = await berth(back);
  expect([code, stdout]).toEqual([4, '']);
  expect(stderr).toContain('service two/a goes back to 1 already, by release 4 of bob');
  expect(stderr).toContain('"berth release status two/a" shows how far it is');
  release = { ...release, cause: { ...cause, automatic: true } };
  expect((await berth(back)).stderr).toContain('already, by release 4 →');
  expect(api.calls.map(({ name }) => name)).toEqual(['release.status', 'release.status']);
  // To another one, whatever goes on.
  expect((await berth([...back, '--to', '2'])).code).toBe(0);
});
