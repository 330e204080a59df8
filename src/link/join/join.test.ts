import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CA_PATH, JOIN_PATH, type JoinRequest, joinRequestSchema } from '../../contract/join.ts';
import { BerthError } from '../../kit/errors.ts';
import type { JoinToken } from '../../model/access.ts';
import type { Host } from '../../model/host.ts';
import {
  CleanUp,
  newCluster,
  startAgent,
  startManager,
  type TestCluster,
  text,
  until,
} from '../link.suite.ts';
import { issueHostCertificate } from '../pki/certificates.ts';
import { fingerprintOf } from '../pki/x509.ts';
import { admitJoin, joinedHost } from './admit-join.ts';
import { joinCluster } from './join-cluster.ts';
import { formatToken, newJoinToken, parseToken } from './token.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const HASH = 'ab'.repeat(32);
const MINUTE = 60_000;

const newToken = (changes: Partial<Parameters<typeof newJoinToken>[0]> = {}) =>
  newJoinToken({
    caHash: HASH,
    now: NOW,
    ttl: 60 * MINUTE,
    uses: 1,
    labels: {},
    createdBy: 'admin',
    ...changes,
  });

describe('tokens', () => {
  it('come back as they were made; the record has no secret', () => {
    const { record, token } = newToken({ uses: 3, labels: { rack: 'r1' } });
    const parsed = parseToken(`  ${token}\n`);
    expect(parsed.id).toBe(record.id);
    expect(parsed.caHash).toBe(HASH);
    expect(record).toMatchObject({
      usesLeft: 3,
      expiresAt: NOW + 60 * MINUTE,
      labels: { rack: 'r1' },
      usedBy: [],
    });
    expect(JSON.stringify(record)).not.toContain(parsed.secret);
    expect(formatToken(parsed)).toBe(token);
  });

  it.each([
    ['', 'it is empty'],
    ['hunter2', 'it does not begin with berth1-'],
    ['berth9-a-b-c', 'it is of version berth9, and this program knows berth1: upgrade it'],
    [`berth1-abc-${'s'.repeat(32)}`, 'it has 3 parts between dashes instead of 4: was it cut off?'],
    [`berth1-ABC-${'s'.repeat(32)}-${HASH}`, 'its second part, the ID, is not of 0-9 a-z'],
    [`berth1-abc-short-${HASH}`, 'its third part, the secret, is not 16 or more of 0-9 a-z'],
    [
      `berth1-abc-${'s'.repeat(32)}-${HASH.slice(1)}`,
      'its last part, the hash of the CA, has 63 characters instead of 64 hexadecimal digits',
    ],
  ])('%j is malformed: %s', (bad, why) => {
    expect(() => parseToken(bad)).toThrow(
      expect.objectContaining({ code: 'bad_request', message: `the join token is malformed: ${why}` }),
    );
  });

  it('never answer with anything but a token or a refusal, and never show what they were given', () => {
    fc.assert(
      fc.property(fc.string(), (given) => {
        try {
          parseToken(`berth1-a-${given}`);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BerthError);
          if (given.length > 12) expect((thrown as BerthError).message).not.toContain(given);
        }
      }),
    );
  });
});

describe('admitJoin', () => {
  const request: JoinRequest = {
    token: '',
    csr: '',
    name: 'h1',
    labels: { rack: 'r9', disk: 'ssd' },
    machineId: 'm1',
    now: NOW,
  };
  const holder: Host = {
    kind: 'host',
    id: 'x',
    name: 'H1',
    labels: {},
    cordoned: false,
    certFingerprint: '',
    machineId: '',
    joinedAt: NOW,
    joinTokenId: '',
  };

  const admit = (
    changes: Readonly<{
      record?: Partial<JoinToken> | null;
      secret?: string;
      caHash?: string;
      holder?: Host;
      request?: Partial<JoinRequest>;
    }>,
    now = NOW,
  ) => {
    const { record, token } = newToken();
    const parsed = parseToken(token);
    return admitJoin(
      {
        token: { ...parsed, secret: changes.secret ?? parsed.secret },
        record: changes.record === null ? undefined : { ...record, ...changes.record },
        caHash: changes.caHash ?? HASH,
        holder: changes.holder,
      },
      { ...request, ...changes.request },
      now,
    );
  };
  const refusal = (...given: Parameters<typeof admit>): BerthError => {
    try {
      admit(...given);
    } catch (thrown) {
      if (thrown instanceof BerthError) return thrown;
    }
    throw new Error('was let in');
  };

  it('lets a host in and counts the use', () => {
    expect(admit({ record: { usesLeft: 2, usedBy: ['h0'] } })).toMatchObject({
      usesLeft: 1,
      usedBy: ['h0', 'h1'],
    });
    const record = newToken({ labels: { rack: 'r1' } }).record;
    expect(joinedHost(request, record, { hostId: 'id1', certFingerprint: 'ff', now: NOW })).toMatchObject({
      id: 'id1',
      name: 'h1',
      machineId: 'm1',
      certFingerprint: 'ff',
      labels: { rack: 'r1', disk: 'ssd' },
      joinTokenId: record.id,
    });
  });

  it('refuses each with what to do', () => {
    const unknown = refusal({ record: null });
    expect(unknown.message).toMatch(/^the join token [0-9a-z]{12} is unknown/);
    expect(unknown.hint).toBe('make another with "berth token create"');
    expect(refusal({ secret: 'x'.repeat(32) }).message).toMatch(/is unknown/);
    expect(refusal({ caHash: '00'.repeat(32) }).message).toBe('the join token is of another cluster');
    const used = refusal({ record: { usesLeft: 0, usedBy: ['web1'] } });
    expect(used.message).toMatch(/was already used by host web1$/);
    expect(used.hint).toBe('make another with "berth token create"');
    expect(refusal({}, NOW + 61 * MINUTE).message).toMatch(/expired on 2026-11-20T13:00:00\.000Z/);
    const taken = refusal({ holder });
    expect(taken).toMatchObject({ code: 'conflict', hint: expect.stringContaining('berth node rm H1') });
    expect(taken.message).toMatch(/the host name h1 is taken/);
  });

  it('refuses a clock that is more than five minutes off', () => {
    expect(refusal({ request: { now: NOW - 10 * MINUTE } })).toMatchObject({
      message: "this host's clock is 10 min behind the manager's",
      hint: 'set it, e.g. timedatectl set-ntp true, and join again',
    });
    expect(refusal({ request: { now: NOW + 5 * 60 * MINUTE } }).message).toBe(
      "this host's clock is 5 h ahead of the manager's",
    );
    expect(refusal({ request: { now: NOW - 400 * 24 * 60 * MINUTE } }).message).toMatch(/400 days behind/);
    expect(admit({ request: { now: NOW - 5 * MINUTE } }).usesLeft).toBe(0);
  });

  it('does not tell who has no secret whether a token is used up or expired', () => {
    const record = { usesLeft: 0, expiresAt: 0, usedBy: ['web1'] };
    expect(refusal({ secret: 'x'.repeat(32), record }).message).toMatch(/is unknown/);
  });
});

describe('joinCluster', () => {
  let clean: CleanUp;
  beforeEach(() => {
    clean = new CleanUp();
  });
  afterEach(() => clean.run());

  /** The two routes, as the API has them. */
  async function startApi(cluster: TestCluster, tokens: Map<string, JoinToken>, agentPort: number) {
    const seen: string[] = [];
    const server = createServer(
      { cert: cluster.server.certificate, key: cluster.server.key },
      async (request, response) => {
        seen.push(request.url ?? '');
        if (request.url === CA_PATH) {
          response.end(cluster.ca.certificate);
          return;
        }
        try {
          const wanted = joinRequestSchema.parse(JSON.parse(await text(request)));
          const token = parseToken(wanted.token);
          const holder = [...cluster.hosts.values()].find(({ name }) => name === wanted.name);
          const facts = { token, record: tokens.get(token.id), caHash: cluster.ca.fingerprint, holder };
          const after = admitJoin(facts, wanted, Date.now());
          const hostId = `id-of-${wanted.name}`;
          const certificate = await issueHostCertificate(cluster.ca, wanted.csr, hostId, Date.now());
          tokens.set(after.id, after);
          const issued = { hostId, certFingerprint: fingerprintOf(certificate), now: Date.now() };
          cluster.hosts.set(hostId, joinedHost(wanted, after, issued));
          response.end(
            JSON.stringify({
              hostId,
              hostName: wanted.name,
              certificate,
              ca: cluster.ca.certificate,
              agentPort,
              clusterId: 'c1',
            }),
          );
        } catch (thrown) {
          const { code, message, hint } = thrown as BerthError;
          response.statusCode = 403;
          response.end(JSON.stringify({ code, message, hint }));
        }
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    clean.add(server, () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return { url: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  async function open(changes: Partial<Parameters<typeof newJoinToken>[0]> = {}) {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const { record, token } = newToken({ caHash: cluster.ca.fingerprint, now: Date.now(), ...changes });
    const api = await startApi(cluster, new Map([[record.id, record]]), manager.port);
    const join = (name: string, given: Partial<Parameters<typeof joinCluster>[0]> = {}) =>
      joinCluster({
        managerUrl: api.url,
        token,
        name,
        labels: {},
        machineId: `m-${name}`,
        now: Date.now(),
        ...given,
      });
    return { cluster, manager, api, token, join };
  }

  it('joins, and connects with what it got', async () => {
    const { manager, join } = await open();
    const identity = await join('h1');
    expect(identity).toMatchObject({
      hostName: 'h1',
      clusterId: 'c1',
      managers: [`127.0.0.1:${manager.port}`],
    });
    startAgent({ ...identity, machineId: 'm-h1' }, manager.port, clean);
    await until('connected', () => manager.server.connected(identity.hostId));
  });

  it('gives the manager’s refusal in its own words', async () => {
    const { join } = await open();
    await join('h1');
    await expect(join('h2')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/was already used by host h1$/),
      hint: 'make another with "berth token create"',
    });
  });

  it('sends its token to no manager whose CA is not the one in it', async () => {
    const { api, token, join } = await open();
    const other = formatToken({ ...parseToken(token), caHash: HASH });
    await expect(join('h1', { token: other })).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/is of another cluster than the token/),
    });
    expect(api.seen).toEqual([CA_PATH]);
  });

  it('sends it to nobody who only shows the right CA', async () => {
    const real = await open();
    const impostor = await newCluster();
    // Has the CA's certificate, which is public, and no certificate that it has signed.
    const api = await startApi(
      { ...impostor, ca: { ...impostor.ca, certificate: real.cluster.ca.certificate } },
      new Map(),
      1,
    );
    await expect(real.join('h1', { managerUrl: api.url })).rejects.toMatchObject({
      message: expect.stringMatching(/is not the manager of this host's cluster/),
    });
    expect(api.seen).toEqual([CA_PATH]);
    expect(api.seen).not.toContain(JOIN_PATH);
  });

  it('says so where the clock is off, before it sends the token', async () => {
    const { api, join } = await open();
    await expect(join('h1', { now: Date.now() - 10 * MINUTE })).rejects.toThrow(
      "this host's clock is 10 min behind the manager's",
    );
    expect(api.seen).toEqual([CA_PATH]);
  });

  it('says what is wrong with an address', async () => {
    const { join } = await open();
    await expect(join('h1', { managerUrl: 'http://x:1' })).rejects.toThrow(
      '"http://x:1" is not the address of a manager',
    );
    await expect(join('h1', { managerUrl: '127.0.0.1:1' })).rejects.toMatchObject({
      code: 'host_down',
      message: expect.stringMatching(/cannot reach the manager at 127\.0\.0\.1:1: .*ECONNREFUSED/),
    });
  });
});
