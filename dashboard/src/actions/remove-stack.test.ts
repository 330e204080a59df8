import { expect, it } from 'vitest';
import { BerthError } from '../../../src/contract/page-client.ts';
import { curlText } from '../parts/copy.tsx';
import { removeStack } from './remove-stack.ts';
import { removalWith } from './service-actions.tsx';

const GONE = new BerthError('not_found', 'there is no such thing');

/** A manager that answers `stack.get` by these, one after the other, and refuses what is in `refused`. */
function fake(looks: readonly unknown[], refused: Readonly<Record<string, unknown>> = {}) {
  const calls: string[] = [];
  const left = [...looks];
  const call = async (route: string, input: Readonly<Record<string, string>>) => {
    const name = `${route} ${Object.values(input).join()}`;
    calls.push(name);
    const thrown = route === 'stack.get' ? left.shift() : refused[name];
    if (thrown !== undefined) throw thrown;
    return {};
  };
  const remove = (...volumes: string[]) =>
    removeStack('shop', volumes, { call: call as never }, async () => void calls.push('rest'));
  return { calls, remove };
}

it('deletes the volumes that were chosen, once the stack is gone', async () => {
  const away = new BerthError('unavailable', 'there is no leader');
  const { calls, remove } = fake([undefined, away, GONE]);
  await remove('shop_data', 'shop_cache');
  expect(calls).toEqual([
    ...['stack.remove shop', 'stack.get shop', 'rest', 'stack.get shop', 'rest', 'stack.get shop'],
    ...['volume.remove shop_data', 'volume.remove shop_cache'],
  ]);
});

it('says which volume stays, and deletes the others all the same', async () => {
  const inUse = new BerthError('conflict', 'volume a is in use');
  const { calls, remove } = fake([GONE], { 'volume.remove a': inUse, 'volume.remove b': GONE });
  await expect(remove('a', 'b', 'c')).rejects.toBe(inUse);
  expect(calls.slice(-3)).toEqual(['volume.remove a', 'volume.remove b', 'volume.remove c']);
});

it('deletes none where the stack stays', async () => {
  const refused = new BerthError('forbidden', 'you may not');
  const { calls, remove } = fake([], { 'stack.remove shop': refused });
  await expect(remove('shop_data')).rejects.toBe(refused);
  expect(calls).toEqual(['stack.remove shop']);
});

it('says in "copy as" what was chosen', () => {
  expect(removalWith('shop', [])).toEqual({});
  const { way } = removalWith('shop', ['shop_data', 'shop_cache']);
  expect(way?.cli).toBe('berth stack rm shop --volumes shop_data,shop_cache');
  expect(way === undefined ? [] : curlText(way, 'https://berth').split('\n')).toEqual([
    expect.stringMatching(/ -X DELETE https:\/\/berth\/v1\/stacks\/shop$/),
    '# once that is done:',
    expect.stringMatching(/ -X DELETE https:\/\/berth\/v1\/volumes\/shop_data$/),
    expect.stringMatching(/ -X DELETE https:\/\/berth\/v1\/volumes\/shop_cache$/),
  ]);
});
