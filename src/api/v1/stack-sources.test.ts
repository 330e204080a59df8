import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StackSource } from '../../model/stack-source.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const WEB = 'services:\n  web: { image: "web:1", secrets: [key] }\nsecrets: { key: { file: key.pem } }\n';
const KEY = [{ path: 'key.pem', content: Buffer.from('hush').toString('base64') }];

function source(text: string, more: Partial<StackSource> = {}): StackSource {
  const files = [{ path: 'compose.yaml', text }];
  return { folder: '/srv/shop', compose: ['compose.yaml'], files, variables: '', profiles: [], ...more };
}
const check = (text: string, contents: typeof KEY = []) =>
  api.root.call('stack.check', { stack: 'shop', source: source(text), contents });
const apply = (text: string, expect?: number, contents: typeof KEY = KEY) =>
  api.root.call('stack.apply', { stack: 'shop', source: source(text), contents, expect });

it('tells mistakes with their places, and what is missing, and does nothing', async () => {
  const wrong = await check('services:\n  web:\n    image: web\n    port: 80\n');
  expect(wrong).toMatchObject({
    ...{ current: null, diff: null, spec: null },
    problems: [{ severity: 'error', file: 'compose.yaml', line: 4, column: 5, key: 'services.web.port' }],
  });
  expect(await check(WEB)).toMatchObject({ absent: ['key.pem'], problems: [{ severity: 'error' }] });
  const right = await check(WEB, KEY);
  expect(right.diff?.created).toContainEqual({ kind: 'service', key: 'web' });
  expect(JSON.stringify(right)).not.toContain('hush');
  expect(await api.root.call('stack.list')).toEqual({ stacks: [] });
  expect([...api.store.view((tx) => [...tx.all('audit')])]).toEqual([]);
});

it('tells what the cluster would refuse, without refusing to tell what it is', async () => {
  const answer = await check(
    'services:\n  web: { image: web, secrets: [key] }\nsecrets: { key: { external: true } }\n',
  );
  expect(answer.refusals).toEqual([expect.stringContaining('external secret key is not there')]);
  expect(answer).toMatchObject({ diff: null, problems: [], spec: { services: [{ name: 'web' }] } });
});

it('deploys the files, and gives them back to be edited, without what is secret', async () => {
  expect(await apply(WEB)).toMatchObject({ generation: 1, releases: [{ service: 'web', number: 1 }] });
  const kept = await api.root.call('stack.source', { stack: 'shop' });
  expect(kept).toMatchObject({ generation: 1, of: 1, by: 'root', source: source(WEB) });
  expect(JSON.stringify(kept)).not.toContain('hush');
  const record = api.store.view((tx) => tx.get('stackSources', 'shop'));
  expect(JSON.stringify(record)).not.toContain('web:1');
  // The secret that was not sent stays: nothing but the image is another one.
  const after = await check(WEB.replace('web:1', 'web:2'));
  expect(after.diff?.changed.map(({ fields }) => fields.map(({ field }) => field))).toEqual([
    ['container.Image'],
  ]);
  expect(await apply(WEB.replace('web:1', 'web:2'), 1, [])).toMatchObject({ generation: 2 });
});

it('keeps a text that means the same, too', async () => {
  await apply(WEB);
  expect(await apply(`# why\n${WEB}`)).toMatchObject({ generation: 1, releases: [] });
  const { source: kept } = await api.root.call('stack.source', { stack: 'shop' });
  expect(kept?.files[0]?.text).toBe(`# why\n${WEB}`);
});

it('tells the second of two who change the same stack, and changes nothing for that one', async () => {
  await apply(WEB, 0);
  await expect(apply(WEB, 0)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('already'),
  });
  await apply(WEB.replace('web:1', 'web:2'), 1);
  await expect(apply(WEB.replace('web:1', 'web:3'), 1)).rejects.toMatchObject({
    ...{ code: 'conflict', message: expect.stringContaining('it is at change 2, and you have seen 1') },
  });
  const { source: kept } = await api.root.call('stack.source', { stack: 'shop' });
  expect(kept?.files[0]?.text).toContain('web:2');
  await expect(
    api.root.call('stack.apply', { stack: 'other', source: source(WEB), contents: KEY, expect: 3 }),
  ).rejects.toMatchObject({ code: 'conflict', message: 'stack other is gone' });
});

it('tells that the stack was deployed in another way since, and by that still has the older text', async () => {
  await apply(WEB);
  const { spec } = await api.root.call('stack.get', { stack: 'shop' });
  const services = spec.services.map((one) => ({ ...one, container: { ...one.container, Image: 'web:9' } }));
  await api.root.call('stack.deploy', { stack: 'shop', spec: { ...spec, services } });
  expect(await api.root.call('stack.source', { stack: 'shop' })).toMatchObject({ generation: 2, of: 1 });
});

it('refuses what is no stack by its first mistake, in the audit log too', async () => {
  await expect(apply('services: { web: { imag: web } }\n')).rejects.toMatchObject({
    ...{ code: 'bad_request', message: expect.stringContaining('compose.yaml:1:20: services.web.imag') },
  });
  const [entry] = api.store.view((tx) => [...tx.all('audit')]);
  expect(entry).toMatchObject({ action: 'stack.deploy', target: 'shop' });
});

it('tells no value of a variable in a refusal, and none to the audit log', async () => {
  const name = 'services:\n  web: { image: web }\n  two: { image: two, container_name: "$PW" }\n';
  const more = '  three: { image: two, container_name: "$PW" }\n';
  const sent = {
    stack: 'shop',
    source: source(name + more, { variables: 'PW=hunter2.hunter2\n' }),
    contents: [],
  };
  const checked = await api.root.call('stack.check', sent);
  expect(JSON.stringify([checked.refusals, checked.problems])).toMatch(/\$\{PW\}/);
  expect(JSON.stringify([checked.refusals, checked.problems])).not.toContain('hunter2');
  await expect(api.root.call('stack.apply', sent)).rejects.toMatchObject({
    message: expect.not.stringContaining('hunter2'),
  });
  expect(JSON.stringify(api.store.view((tx) => [...tx.all('audit')]))).not.toContain('hunter2');
});

it('shows no source to viewers, and the schema to all', async () => {
  await apply(WEB);
  const viewer = api.client(api.tokens.viewer);
  await expect(viewer.call('stack.source', { stack: 'shop' })).rejects.toMatchObject({ code: 'forbidden' });
  const { schema, labels } = await viewer.call('compose.schema');
  expect(Object.keys(schema)).toContain('definitions');
  expect(labels.map(({ name }) => name)).toContain('routing.port_*');
});
