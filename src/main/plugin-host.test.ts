import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settingsSchema } from '../model/settings.ts';
import { ClusterView } from '../scheduler/cluster-view.ts';
import { Scheduler } from '../scheduler/place.ts';
import { placementRequest } from '../scheduler/request.ts';
import { addTestHosts, TEST_IMAGE } from '../scheduler/testing.ts';
import { newPluginHost, type PluginHost } from './plugin-host.ts';

let dir: string;
let host: PluginHost;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'berth-plugin-'));
  host = newPluginHost();
});
afterEach(() => {
  host.close();
  rmSync(dir, { recursive: true });
});

function plugin(source: string, name = 'p.mjs'): string {
  const path = join(dir, name);
  writeFileSync(path, source);
  return path;
}

function clusterWith(paths: readonly string[], strategy = 'spread') {
  const view = new ClusterView();
  view.settings = settingsSchema.parse({ plugins: [...paths], strategy });
  addTestHosts(view, [
    { name: 'a', labels: { price: '3', tenants: 't1' } },
    { name: 'b', labels: { price: '1', tenants: 't2' } },
    { name: 'c', labels: { price: '2', tenants: 't1,t2' } },
  ]);
  return new Scheduler(view, { plugins: () => host.load(paths) });
}

const request = (labels: Record<string, string> = {}) =>
  placementRequest('web', { Image: TEST_IMAGE, Labels: labels });

const EXAMPLE = join(dirname(fileURLToPath(import.meta.url)), '../../examples/scheduler-plugin/plugin.mjs');

describe('plugin host', () => {
  it('runs the example: a filter with its reasons, and a strategy', () => {
    const scheduler = clusterWith([EXAMPLE], 'cheapest');
    expect(scheduler.place(request()).name).toBe('b');
    expect(scheduler.place(request({ tenant: 't1' })).name).toBe('c');
    expect(scheduler.place(request({ 'berth.strategy': 'spread' })).name).toBe('a');
    const explained = scheduler.explain(request({ tenant: 't1' }));
    expect(explained.hosts.map(({ host: { name }, fits, reasons }) => [name, fits, reasons])).toEqual([
      ['c', true, []],
      ['a', true, []],
      ['b', false, ['tenants: not paid for by tenant t1']],
    ]);
    expect(() => scheduler.place(request({ tenant: 'nobody' }))).toThrow(
      'no host fits web: 3 hosts: tenants: not paid for by tenant nobody',
    );
  });

  it('gives the plugin hosts as they are now', () => {
    const path = plugin(
      `export default { kind: 'strategy', name: 'few', rank: (_, hosts) => hosts.map((h) => h.containers.length) }`,
    );
    const scheduler = clusterWith([path], 'few');
    const names = scheduler
      .placeGroup(
        request(),
        [1, 2, 3, 4].map((i) => ({ id: `id${i}`, name: `n${i}` })),
      )
      .map(({ name }) => name);
    expect(names).toEqual(['a', 'b', 'c', 'a']);
  });

  it.each<[string, string, RegExp]>([
    [
      'throws',
      `export default { kind: 'filter', name: 'bad', filter() { throw new Error('out of luck') } }`,
      /^plugin bad \(.*\) threw: out of luck$/,
    ],
    [
      'loops for ever',
      `export default { kind: 'filter', name: 'bad', filter() { for (;;); } }`,
      /^plugin bad \(.*\) did not answer within 50 ms$/,
    ],
    [
      'ends its process',
      `export default { kind: 'filter', name: 'bad', filter() { process.exit(3) } }`,
      /^plugin bad \(.*\) did not answer within 50 ms$/,
    ],
    [
      'answers with something else',
      `export default { kind: 'filter', name: 'bad', filter: () => 'yes' }`,
      /^plugin bad answered string: a list of 3 is wanted/,
    ],
    [
      'answers for too few',
      `export default { kind: 'filter', name: 'bad', filter: () => [true] }`,
      /^plugin bad answered a list of 1: a list of 3 is wanted/,
    ],
    [
      'answers with numbers',
      `export default { kind: 'filter', name: 'bad', filter: (_, h) => h.map(() => 1) }`,
      /^plugin bad answered number for a host/,
    ],
    [
      'answers with a promise',
      `export default { kind: 'filter', name: 'bad', async filter() { return [] } }`,
      /^plugin bad \(.*\) answered with something that cannot be copied/,
    ],
    [
      'changes what it is given',
      `export default { kind: 'filter', name: 'bad', filter: (r, h) => { h[0].labels.x = 'y'; } }`,
      /^plugin bad \(.*\) threw: /,
    ],
    [
      'ranks with no number',
      `export default { kind: 'strategy', name: 'bad', rank: (_, h) => h.map(() => NaN) }`,
      /^plugin bad answered NaN for a host/,
    ],
    ['exports nothing', 'export const x = 1;', /cannot be loaded: it has no default export$/],
    ['has no kind', `export default { name: 'x' }`, /cannot be loaded: its default export is not/],
    ['does not parse', 'export default {', /cannot be loaded: /],
    ['never loads', 'for (;;);', /did not load within 1500 ms$/],
  ])('fails the request with its name where a plugin %s', (_, source, message) => {
    const path = plugin(source);
    const scheduler = clusterWith([path], source.includes('strategy') ? 'bad' : 'spread');
    const started = performance.now();
    expect(() => scheduler.place(request())).toThrow(message);
    expect(performance.now() - started).toBeLessThan(3000);
    // And the next request too, from a new thread where the first was ended.
    expect(() => scheduler.place(request())).toThrow(message);
  });

  it('fails the request where the file is missing, and works once the setting is mended', () => {
    expect(() => clusterWith([join(dir, 'none.mjs')]).place(request())).toThrow(
      /none\.mjs cannot be loaded: /,
    );
    expect(clusterWith([]).place(request()).name).toBe('a');
  });

  it('goes on after a call that took too long', () => {
    const path = plugin(`
      export default { kind: 'filter', name: 'moody', filter(request, hosts) {
        if (request.labels.mood === 'bad') for (;;);
        return hosts.map((h) => h.name === 'b');
      } }`);
    const scheduler = clusterWith([path]);
    expect(scheduler.place(request()).name).toBe('b');
    expect(() => scheduler.place(request({ mood: 'bad' }))).toThrow('did not answer within 50 ms');
    expect(scheduler.place(request()).name).toBe('b');
  });

  it('survives what a plugin throws outside of a call', async () => {
    const path = plugin(`
      setTimeout(() => { throw new Error('later'); }, 5);
      export default { kind: 'filter', name: 'late', filter: (_, hosts) => hosts.map(() => true) }`);
    const scheduler = clusterWith([path]);
    expect(scheduler.place(request()).name).toBe('a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    // On a busy machine the next thread may not be there in time either.
    await expect.poll(() => scheduler.place(request()).name, { timeout: 20_000 }).toBe('a');
  });

  it('does not give a plugin the environment of the manager', () => {
    process.env.BERTH_TEST_SECRET = 'x';
    const path = plugin(
      `export default { kind: 'filter', name: 'env', filter: (_, hosts) => hosts.map(() => Object.keys(process.env).length === 0) }`,
    );
    expect(clusterWith([path]).place(request()).name).toBe('a');
    delete process.env.BERTH_TEST_SECRET;
  });
});
