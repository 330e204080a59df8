import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStack } from '../../compose/index.ts';
import { releaseKey } from '../../model/deployment.ts';
import type { TriggerAction } from '../../model/trigger.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
let agent: Agent;
/** All that the manager has logged. */
let logged: string;

beforeEach(async () => {
  logged = '';
  const sink = new Writable({
    write(chunk, _, done) {
      logged += chunk;
      done();
    },
  });
  api = await startApi({ logger: pino({ level: 'debug' }, sink) });
  agent = new Agent({ connect: { ca: api.caPem } });
  await deploy();
});
afterEach(async () => {
  await agent.close();
  await api.close();
});

const WEB = { stack: 'shop', service: 'web' };

async function deploy(more = ''): Promise<void> {
  const text = `services:\n  web: { image: web:1, deploy: { replicas: 3 }${more} }\n  all: { image: a, deploy: { mode: global } }\n`;
  const read = (path: string) => (path === '/shop/compose.yml' ? text : undefined);
  const { stack: spec } = readStack({ files: ['/shop/compose.yml'], folder: '/shop', read, env: {} });
  await api.root.call('stack.deploy', { stack: 'shop', spec });
}

const operator = () => api.client(api.tokens.operator);
const made = (action: TriggerAction = { kind: 'redeploy' }, name = 'ci') =>
  operator().call('trigger.create', { ...WEB, name, action });

type Answer = Readonly<{ status: number; text: string; body: Record<string, unknown> }>;

/** As a pipeline does it: by the URL that was printed, at the port that the test has. */
async function post(
  url: string,
  query: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const asked = new URL(url);
  for (const [key, value] of Object.entries(query))
    if (value === '') asked.searchParams.delete(key);
    else asked.searchParams.set(key, value);
  const answer = await request(`${api.url}${asked.pathname}${asked.search}`, {
    ...{ method: 'POST', dispatcher: agent, headers },
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, text, body: JSON.parse(text) as Answer['body'] };
}

const releaseNow = () =>
  api.store.view((tx) => {
    const number = tx.get('services', 'shop/web')?.release ?? 0;
    return tx.get('releases', releaseKey('shop', 'web', number));
  });
const numberNow = async () => (await api.root.call('service.get', WEB)).wanted;
const audited = async () => {
  const { entries } = await api.root.call('audit.list', { action: 'trigger.*' });
  return entries.map(({ user, action, target, outcome }) => `${user} ${action} ${target}: ${outcome}`);
};

describe('a trigger', () => {
  it('says to who opens its URL in a browser by what method it is there', async () => {
    const { url } = await made();
    const { pathname, search } = new URL(url);
    const answer = await request(`${api.url}${pathname}${search}`, { dispatcher: agent });
    expect(answer.statusCode).toBe(404);
    expect(await answer.body.json()).toMatchObject({ hint: 'it is there by POST' });
    const nowhere = await request(`${api.url}/v1/nowhere`, { dispatcher: agent });
    expect(await nowhere.body.json()).toMatchObject({ hint: expect.stringContaining('routes begin with') });
  });

  it('is made with a token that is shown once and kept nowhere, and ends when it is removed', async () => {
    const { token, url, ...view } = await made();
    expect(url).toBe(`https://127.0.0.1:8443/v1/trigger?id=${view.id}&token=${token}`);
    expect(token).toMatch(/^berth_trg_[\w-]{43}$/);
    expect(view).toMatchObject({ ...WEB, name: 'ci', createdBy: 'the-operator', firedAt: null });
    const listed = await api.client(api.tokens.viewer).call('trigger.list');
    expect(listed).toEqual({ triggers: [view] });
    const kept = api.store.view((tx) => [...tx.all('triggers')]);
    expect(JSON.stringify(kept)).not.toContain(token);
    await operator().call('trigger.delete', { id: view.id });
    expect((await post(url)).status).toBe(401);
    await expect(operator().call('trigger.delete', { id: view.id })).rejects.toThrow('there is no trigger');
  });

  it('is called as its service has no other, and is of a service that it can change', async () => {
    expect((await operator().call('trigger.create', { ...WEB, action: { kind: 'redeploy' } })).name).toBe(
      'redeploy',
    );
    await made();
    await expect(made()).rejects.toThrow('service web has a trigger ci already');
    const scale: TriggerAction = { kind: 'scale', min: 1, max: 3 };
    await expect(made({ ...scale, min: 4 })).rejects.toThrow('min is more than max');
    await expect(made(scale, 'Ci')).rejects.toThrow('"Ci" is not a name of a trigger');
    const all = { stack: 'shop', service: 'all', name: 'ci' };
    await expect(operator().call('trigger.create', { ...all, action: scale })).rejects.toThrow(
      'is on each host',
    );
    await expect(
      operator().call('trigger.create', { ...all, service: 'no', action: scale }),
    ).rejects.toMatchObject({ code: 'not_found' });
    const viewer = api.client(api.tokens.viewer);
    await expect(viewer.call('trigger.create', { ...all, action: scale })).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('gives nothing away: an ID that is not there and a wrong token get the same answer', async () => {
    const { url, token } = await made();
    const wrong = await post(url, { token: `${token.slice(0, -1)}x` });
    const unknown = await post(url, { id: 'nobody' });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(unknown.text).toBe(wrong.text);
    expect((await post(url, { token: '' })).text).toBe(wrong.text);
    expect((await post(url, { id: '' })).text).toBe(wrong.text);
    expect(releaseNow()?.number).toBe(1);
    expect((await audited())[0]).toBe(' trigger.fire : no trigger has this ID and this token');
  });

  it('lets its token into no log and no error', async () => {
    const { url, token } = await made();
    await post(url);
    const answers = [
      await post(url, { surprise: '1' }),
      await post(url, { step: '0' }),
      await post(url, { token: token.repeat(20) }),
      await post(url, { token: '' }, { authorization: token.repeat(20) }),
      await post(url, { type: 'scale_out' }),
      await post(`${url}&token=${token}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400]);
    for (const { text } of answers) expect(text).not.toContain(token.slice(10));
    expect((await audited()).join()).not.toContain(token.slice(10));
    expect(logged).toContain('/v1/trigger');
    expect(logged).not.toContain(token.slice(10));
  });
});

describe('a trigger that redeploys', () => {
  it('begins a release that pulls the image anew, under its name', async () => {
    const { url, id } = await made();
    expect(await post(url)).toMatchObject({
      status: 200,
      body: { service: 'shop/web', trigger: 'ci', repeated: false, did: { kind: 'redeploy', release: 2 } },
    });
    expect(releaseNow()).toMatchObject({ by: 'trigger:ci', cause: { kind: 'redeploy' }, changes: [] });
    expect((await audited())[0]).toBe('trigger:ci trigger.fire shop/web: ok');
    const { triggers } = await api.root.call('trigger.list');
    expect(triggers).toMatchObject([{ id, firedAt: api.clock.time }]);
  });

  it('takes its token as a header as well, and any JSON in the body', async () => {
    const { url, token } = await made();
    const authorization = `Bearer ${token}`;
    expect((await post(url, { token: '' }, { authorization })).status).toBe(200);
    const { id } = Object.fromEntries(new URL(url).searchParams);
    const hook = await request(`${api.url}/v1/trigger?id=${id}`, {
      ...{ method: 'POST', dispatcher: agent, body: '{"push_data":{"tag":"latest"}}' },
      headers: { authorization, 'content-type': 'application/json; charset=utf-8' },
    });
    expect(await hook.body.json()).toMatchObject({ repeated: true });
  });

  it('makes one release of two deliveries at the same moment, and another one of a later one', async () => {
    const { url } = await made();
    const both = await Promise.all([post(url), post(url)]);
    expect(both.map(({ body }) => body.did)).toEqual([
      { kind: 'redeploy', release: 2 },
      { kind: 'redeploy', release: 2 },
    ]);
    expect(both.map(({ body }) => body.repeated).sort()).toEqual([false, true]);
    api.clock.time += 2_000;
    // An image may have been pushed meanwhile: what is under way might not have it.
    expect((await post(url)).body).toMatchObject({ repeated: false, did: { release: 3 } });
    const { releases } = await api.root.call('release.history', WEB);
    expect(releases.map(({ number, state }) => [number, state])).toEqual([
      [3, 'releasing'],
      [2, 'superseded'],
      [1, 'superseded'],
    ]);
  });

  it('does nothing for a key that it has had, however late', async () => {
    const { url } = await made();
    const key = { 'idempotency-key': 'build-17' };
    await post(url, {}, key);
    api.clock.time += 86_400_000;
    expect((await post(url, {}, key)).body).toMatchObject({ repeated: true, did: { release: 2 } });
    expect((await post(url, {}, { 'idempotency-key': 'build-18' })).body).toMatchObject({
      ...{ repeated: false, did: { release: 3 } },
    });
  });

  it('has nothing to do with a number', async () => {
    const { url } = await made();
    expect((await post(url, { type: 'scale_out' })).body.message).toContain('trigger ci redeploys');
    expect((await post(url, { step: '2' })).body.message).toContain('nothing says which way');
    expect(releaseNow()?.number).toBe(1);
  });
});

describe('a trigger that scales', () => {
  const scale = (min: number, max: number) => made({ kind: 'scale', min, max }, 'load');

  it('goes by steps, within its limits, and says from where to where', async () => {
    const { url } = await scale(2, 6);
    expect(url).toMatch(/&type=scale_out&step=1$/);
    expect((await post(url)).body.did).toEqual({ kind: 'scale', from: 3, to: 4 });
    expect((await post(url, { step: '100' })).body.did).toEqual({ kind: 'scale', from: 4, to: 6 });
    expect((await post(url)).body.did).toEqual({ kind: 'scale', from: 6, to: 6 });
    const fewer = { type: 'scale_in', step: '3' };
    expect((await post(url, fewer)).body.did).toEqual({ kind: 'scale', from: 6, to: 3 });
    expect((await post(url, fewer)).body.did).toEqual({ kind: 'scale', from: 3, to: 2 });
    const { changes } = await api.root.call('autoscale.history', WEB);
    expect(changes.map(({ from, to, by, why }) => `${from} ${to} ${by} ${why}`)).toEqual([
      '3 2 trigger:load scale_in by 3',
      '6 3 trigger:load scale_in by 3',
      '4 6 trigger:load scale_out by 100',
      '3 4 trigger:load scale_out by 1',
    ]);
    expect(releaseNow()?.number).toBe(1);
  });

  it('stays within the limits of a service that scales by itself, and never goes the other way', async () => {
    const { url } = await scale(1, 20);
    const rules = [{ metric: 'cpu' as const, target: 60 }];
    const scaling = { kind: 'scaling' as const, min: 2, max: 5, step: 1, rules };
    await api.root.call('autoscale.set', { ...WEB, scaling });
    expect((await post(url, { step: '9' })).body.did).toMatchObject({ to: 5 });
    const always = {
      kind: 'schedule' as const,
      days: [0, 1, 2, 3, 4, 5, 6],
      from: 0,
      to: 1_440,
      zone: 'UTC',
      min: 4,
    };
    await api.root.call('autoscale.set', { ...WEB, scaling: { ...scaling, schedules: [always] } });
    expect((await post(url, { type: 'scale_in', step: '9' })).body.did).toMatchObject({ to: 4 });
    await expect(api.root.call('service.scale', { ...WEB, replicas: 3 })).rejects.toThrow(
      'from 4 to 5 containers, at this time by its schedule: 3 would not stay',
    );
    await api.root.call('autoscale.set', { ...WEB, scaling });
    expect((await post(url, { type: 'scale_in', step: '9' })).body.did).toMatchObject({ to: 2 });
    await api.root.call('autoscale.set', { ...WEB, scaling: { kind: 'off' } });
    await api.root.call('service.scale', { ...WEB, replicas: 30 });
    expect((await post(url)).body.did).toEqual({ kind: 'scale', from: 30, to: 30 });
  });

  it('starts nothing that was stopped by hand, unless it may leave nothing itself', async () => {
    const { url } = await scale(1, 3);
    await api.root.call('service.scale', { ...WEB, replicas: 0 });
    expect(await post(url)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await numberNow()).toBe(0);
    const fromNothing = await made({ kind: 'scale', min: 0, max: 3 }, 'wake');
    expect((await post(fromNothing.url)).body.did).toEqual({ kind: 'scale', from: 0, to: 1 });
  });

  it.each([
    [{ type: '' }, 'nothing says which way'],
    [{ type: '', step: '' }, 'nothing says which way'],
    [{ step: '0' }, 'a step is 1 to 100'],
    [{ step: '101' }, 'a step is 1 to 100'],
    [{ step: '-1' }, 'is not a whole number'],
    [{ type: 'out' }, 'type'],
  ])('refuses a delivery that is not clear (%#)', async (query, said) => {
    const { url } = await scale(1, 9);
    const answer = await post(url, query);
    expect([answer.status, await numberNow()]).toEqual([400, 3]);
    expect(answer.text).toContain(said);
  });

  it('counts each delivery without a key, and each key once', async () => {
    const { url } = await scale(1, 9);
    await Promise.all([post(url), post(url)]);
    expect(await numberNow()).toBe(5);
    const key = { 'idempotency-key': 'alarm-1' };
    await Promise.all([post(url, {}, key), post(url, {}, key)]);
    expect(await numberNow()).toBe(6);
  });
});

describe('too many deliveries', () => {
  it('of one trigger wait, and those of another one do not', async () => {
    const [first, second] = [await made(), await made({ kind: 'scale', min: 1, max: 90 }, 'load')];
    const codes: number[] = [];
    for (let i = 0; i < 12; i++) codes.push((await post(second.url)).status);
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429]);
    expect(await numberNow()).toBe(13);
    expect((await post(first.url)).status).toBe(200);
    api.clock.time += 5_000;
    expect((await post(second.url)).status).toBe(200);
  });

  it('from one address end, right or wrong, and use up nothing of the trigger', async () => {
    const { url, id } = await made();
    const codes = new Set<number>();
    for (let i = 0; i < 30; i++) codes.add((await post(url, { token: `guess-${i}` })).status);
    expect([...codes]).toEqual([401]);
    expect(await post(url)).toMatchObject({ status: 429, body: { hint: 'try again in 1 s' } });
    api.clock.time += 10_000;
    const after: number[] = [];
    for (let i = 0; i < 10; i++)
      after.push((await post(url, {}, { 'idempotency-key': `${id}-${i}` })).status);
    expect(after).toEqual(Array.from({ length: 10 }, () => 200));
  });
});
