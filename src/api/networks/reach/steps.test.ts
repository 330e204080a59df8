import { describe, expect, it } from 'vitest';
import type { LookAnswer } from '../../../model/look.ts';
import { type Attachment, KNOCK_PORT, type ReachEnd, type ReachFacts, reachResult } from './steps.ts';

const shop: Attachment = { key: 'n1', name: 'shop', driver: 'xoverlay', hasNames: true, ipv4: '10.1.0.2' };
const end = (name: string, hostId: string, more: Partial<ReachEnd> = {}): ReachEnd => ({
  ...{ id: `id-${name}`, name, hostId, hostName: hostId, state: 'running', ready: true, hostMode: false },
  ...{ networks: [shop], hostAddress: `192.0.2.${hostId.slice(1)}` },
  ...more,
});
const named = (more: object = {}): LookAnswer['name'] => ({
  ...{ servers: ['127.0.0.11'], state: 'found', addresses: ['10.1.0.3'], reason: '' },
  ...more,
});
const dialed = (port: number, state: LookAnswer['dialed'][number]['state'], reason = '') => ({
  ...{ port, state, ms: 1.2, reason },
});
const saw = (more: Partial<LookAnswer> = {}): LookAnswer => ({
  ...{ name: named(), dialed: [dialed(80, 'open'), dialed(KNOCK_PORT, 'refused')], listening: [] },
  ...more,
});
const facts = (more: Partial<ReachFacts> = {}): ReachFacts => ({
  from: end('web', 'h1'),
  to: end('db', 'h2', { networks: [{ ...shop, ipv4: '10.1.0.3' }] }),
  port: 80,
  fromLook: saw(),
  toLook: saw({ listening: [{ address: '0.0.0.0', port: 80 }] }),
  path: { ms: 0.4, reason: '' },
  ...more,
});
const states = (given: ReachFacts) => reachResult(given).steps.map(({ id, state }) => `${id} ${state}`);
const step = (given: ReachFacts, id: string) => reachResult(given).steps.find((one) => one.id === id);

describe('a way that works', () => {
  it('is told step by step', () => {
    const { steps, ...result } = reachResult(facts());
    expect(result).toEqual({
      verdict: 'reached',
      from: { id: 'id-web', name: 'web', hostName: 'h1' },
      to: { id: 'id-db', name: 'db', hostName: 'h2' },
      ...{ network: 'shop', address: '10.1.0.3', port: 80 },
    });
    expect(steps.map(({ state }) => state)).toEqual(Array(7).fill('ok'));
  });

  it('without a port is an answer of any kind', () => {
    const given = facts({
      port: undefined,
      toLook: undefined,
      fromLook: saw({ dialed: [dialed(KNOCK_PORT, 'refused')] }),
    });
    expect(reachResult(given).verdict).toBe('reached');
    expect(states(given)).not.toContainEqual(expect.stringContaining('listening'));
  });

  it('stays one where only the name fails, and says what is wrong with it', () => {
    const given = facts({ fromLook: saw({ name: named({ state: 'none', addresses: [] }) }) });
    expect(reachResult(given).verdict).toBe('reached');
    expect(step(given, 'name')).toMatchObject({ state: 'failed', text: 'web does not find the name db' });
    const unready = { ...given, to: { ...given.to, ready: false } };
    expect(step(unready, 'name')?.hint).toContain('db is not ready');
  });
});

describe('a way that is broken', () => {
  it('at a container that does not run is not looked at further', () => {
    const given = facts({ to: end('db', 'h2', { state: 'exited' }), fromLook: undefined, toLook: undefined });
    expect(reachResult(given).verdict).toBe('broken');
    expect(states(given)).toEqual([
      'running failed',
      ...['network', 'address', 'name', 'path', 'listening', 'connection'].map((id) => `${id} skipped`),
    ]);
    expect(step(given, 'running')).toMatchObject({
      text: 'db on host h2 is exited',
      hint: 'start it: docker start db',
    });
  });

  it('where they share no network names those of each, and the command that mends it', () => {
    const other = { ...shop, key: 'n2', name: 'back' };
    const given = facts({
      to: end('db', 'h2', { networks: [other] }),
      fromLook: undefined,
      toLook: undefined,
    });
    expect(step(given, 'network')).toEqual({
      ...{ id: 'network', state: 'failed' },
      text: 'they have no network in common: web is in shop; db is in back',
      hint: 'docker network connect back web',
    });
  });

  it('between the hosts is told by what they have found', () => {
    const fromLook = saw({ dialed: [dialed(80, 'silent'), dialed(KNOCK_PORT, 'silent')] });
    const given = facts({ path: { ms: null, reason: 'no answer through VXLAN' }, fromLook });
    expect(reachResult(given).verdict).toBe('broken');
    expect(step(given, 'path')?.text).toContain('no answer through VXLAN');
    expect(step(given, 'connection')?.text).toBe('nothing comes back from 10.1.0.3:80');
  });

  it('at a port that is closed tells it from one that is filtered', () => {
    const refused = facts({
      fromLook: saw({ dialed: [dialed(80, 'refused'), dialed(KNOCK_PORT, 'refused')] }),
    });
    expect(step(refused, 'connection')?.text).toContain('refuses the connection to 10.1.0.3:80');
    const filtered = facts({
      fromLook: saw({ dialed: [dialed(80, 'silent'), dialed(KNOCK_PORT, 'refused')] }),
    });
    expect(step(filtered, 'connection')?.text).toBe(
      'db answers at 10.1.0.3, but says nothing at 10.1.0.3:80',
    );
    const nobody = facts({ fromLook: saw({ dialed: [dialed(80, 'unreachable', 'connect EHOSTUNREACH')] }) });
    expect(step(nobody, 'connection')?.text).toContain('EHOSTUNREACH');
  });

  it('by who listens for itself alone, or not at all', () => {
    const own = facts({ toLook: saw({ listening: [{ address: '127.0.0.1', port: 80 }] }) });
    expect(step(own, 'listening')?.text).toBe('db listens on 127.0.0.1:80 only, which others do not reach');
    const others = facts({
      toLook: saw({
        listening: [
          { address: '::', port: 443 },
          { address: '::', port: 81 },
          { address: '127.0.0.11', port: 39217 },
        ],
      }),
    });
    expect(step(others, 'listening')?.text).toBe('nothing in db listens on port 80; it listens on 81, 443');
    const many = facts({ toLook: saw({ listening: [{ address: '0.0.0.0', port: 81 }], isCut: true }) });
    expect(step(many, 'listening')).toMatchObject({ state: 'unknown' });
    const six = facts({ toLook: saw({ listening: [{ address: '::', port: 80 }] }) });
    expect(step(six, 'listening')?.state).toBe('ok');
  });
});

it('says what could not be found out, and claims nothing', () => {
  const problem = 'the agent of host h1 is of an earlier version, which cannot do this';
  const given = facts({ fromLook: { problem, hint: 'upgrade Berth on host h1' }, path: undefined });
  expect(reachResult(given).verdict).toBe('unknown');
  expect(step(given, 'connection')).toEqual({
    ...{ id: 'connection', state: 'unknown', text: problem, hint: 'upgrade Berth on host h1' },
  });
  expect(step(given, 'path')?.state).toBe('unknown');
});

it('knows containers without a network of their own', () => {
  const to = end('db', 'h2', { hostMode: true, networks: [] });
  const given = facts({ to, fromLook: saw({ name: undefined, dialed: [dialed(80, 'open')] }) });
  expect(reachResult(given)).toMatchObject({ verdict: 'reached', address: '192.0.2.2' });
  expect(step(given, 'name')?.state).toBe('unknown');
  const lone = facts({
    from: end('web', 'h1', { hostMode: true, networks: [] }),
    fromLook: undefined,
    toLook: undefined,
  });
  expect(step(lone, 'network')?.hint).toContain('publish a port of db');
});
