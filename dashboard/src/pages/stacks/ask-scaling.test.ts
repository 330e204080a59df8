import { expect, it } from 'vitest';
import { BerthError } from '../../../../src/contract/page-client.ts';
import type { client } from '../../cluster/client.ts';
import { askScaling } from './ask-scaling.ts';

/** A manager with one service. */
function manager(scaling: object | null) {
  const asked: string[] = [];
  const call = async (route: string) => {
    asked.push(route);
    if (route === 'service.get') return { scaling };
    if (scaling === null) throw new BerthError('not_found', 'it does not scale by itself');
    return { wanted: 3 };
  };
  return { asked, calls: { call } as unknown as Pick<typeof client, 'call'> };
}

const web = { stack: 'shop', service: 'web' };
const { signal } = new AbortController();

it('asks for no rules that are gone', async () => {
  const { calls, asked } = manager(null);
  expect([await askScaling(calls, web, signal), asked]).toEqual([null, ['service.get']]);
});

it('asks why the number is what it is where there are rules', async () => {
  const { calls, asked } = manager({ min: 1, max: 4 });
  expect(await askScaling(calls, web, signal)).toEqual({ wanted: 3 });
  expect(asked).toEqual(['service.get', 'autoscale.explain']);
});
