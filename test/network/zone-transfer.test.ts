import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseSerial } from '../../src/api/v1/dns.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLogger } from '../../src/kit/logger.ts';
import { startNameServer } from '../../src/main/name-server.ts';
import type { DnsData, DnsRecord, DnsZone } from '../../src/model/dns.ts';
import { openSqliteStore, type Store } from '../../src/store/index.ts';
import { ownNumber } from '../lab/own.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { run, tryRun } from '../lab/run.ts';

/** The manager's name server at one loopback address, the company's BIND as its secondary at another. */
const own = await ownNumber();
const PRIMARY = `127.53.${own}.1`;
const SECONDARY = `127.53.${own}.2`;
const NOBODY = `127.53.${own}.9`;
const PORT = 5353;
const ZONE = 'apps.example.com';

const folder = mkdtempSync(join(tmpdir(), 'berth-bind-'));
let store: Store;
let primary: Awaited<ReturnType<typeof startNameServer>>;
let named: ChildProcess;
let said = '';

async function dig(server: string, ...words: string[]): Promise<string> {
  const { stdout, stderr } = await tryRun([
    'dig',
    `@${server}`,
    '-p',
    String(PORT),
    '+time=5',
    '+tries=3',
    ...words,
  ]);
  return stdout + stderr;
}
const short = async (server: string, ...words: string[]) =>
  (await dig(server, '+short', ...words)).trim().split('\n').filter(Boolean).sort();

function record(name: string, data: DnsData, more: Partial<DnsRecord> = {}): DnsRecord {
  const id = `${name} ${JSON.stringify(data)}`;
  return { kind: 'dns-record', id, zone: ZONE, name, data, createdAt: 0, createdBy: 'root', ...more };
}

/** As the API does it. */
const change = (records: readonly DnsRecord[], gone: readonly string[] = []) =>
  store.update((tx) => {
    for (const one of records) tx.put('dnsRecords', one);
    for (const id of gone) tx.delete('dnsRecords', id);
    raiseSerial(tx, ZONE, Date.now());
  });

async function startPrimary(): Promise<void> {
  store = openSqliteStore(join(folder, 'berth.db'));
  primary = await startNameServer(store, { host: PRIMARY, port: PORT }, systemClock, silentLogger);
}

async function stopPrimary(): Promise<void> {
  await primary.close();
  await store.close();
}

beforeAll(async () => {
  await ensureRequirements([
    ['named', 'bind9'],
    ['dig', 'bind9-dnsutils'],
  ]);
  // BIND listens only at addresses that an interface has by name, and not at all of 127.0.0.0/8.
  await tryRun(['ip', 'addr', 'add', `${SECONDARY}/32`, 'dev', 'lo']);
  await startPrimary();
  const zone: DnsZone = {
    ...{ kind: 'dns-zone', name: ZONE, nameservers: [`ns.${ZONE}`, 'ns.example.com'], ttl: 300, serial: 1 },
    ...{ contact: 'hostmaster.example.com', createdAt: 0, createdBy: 'root' },
    transfer: [SECONDARY],
    notify: [{ address: SECONDARY, port: PORT }],
  };
  await store.update((tx) => tx.put('dnsZones', zone));
  await change([
    record('*', { type: 'A', address: '192.0.2.10' }),
    record('*', { type: 'AAAA', address: '2001:db8::10' }),
    record('ns', { type: 'A', address: '192.0.2.53' }),
    record('@', { type: 'MX', preference: 10, exchange: 'mail.example.com' }),
    record('txt', { type: 'TXT', text: `quote " and ; and ${'long '.repeat(100)}` }),
    record('_sip._tcp', { type: 'SRV', priority: 1, weight: 2, port: 5060, target: `ns.${ZONE}` }),
    record('alias', { type: 'CNAME', target: `www.${ZONE}` }),
    record('www', { type: 'A', address: '192.0.2.80' }),
  ]);
  const config = `
options {
  directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile "${folder}/session.key";
  listen-on port ${PORT} { ${SECONDARY}; }; listen-on-v6 { none; };
  recursion no; dnssec-validation no; notify no; transfer-source ${SECONDARY}; query-source address ${SECONDARY};
};
controls { };
zone "${ZONE}" {
  type secondary; primaries port ${PORT} { ${PRIMARY}; }; file "${folder}/secondary.db"; masterfile-format text;
};
`;
  writeFileSync(join(folder, 'named.conf'), config);
  named = spawn('named', ['-g', '-4', '-c', join(folder, 'named.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  named.stderr?.on('data', (bytes) => {
    said += bytes;
  });
});

afterAll(async () => {
  named?.kill('SIGKILL');
  await stopPrimary();
  await tryRun(['ip', 'addr', 'del', `${SECONDARY}/32`, 'dev', 'lo']);
  rmSync(folder, { recursive: true, force: true });
});

const bothSay = async (expected: string[], ...words: string[]) => {
  await expect.poll(() => short(SECONDARY, ...words), { timeout: 60_000, message: said }).toEqual(expected);
  expect(await short(PRIMARY, ...words)).toEqual(expected);
};

describe('a zone of the manager', () => {
  it('is fetched by BIND, which answers the same', async () => {
    await bothSay(['192.0.2.80'], `www.${ZONE}`, 'A');
    for (const words of [
      [`any.thing.${ZONE}`, 'A'],
      [`x.${ZONE}`, 'AAAA'],
      [ZONE, 'NS'],
      [ZONE, 'MX'],
      [ZONE, 'SOA'],
      [`txt.${ZONE}`, 'TXT'],
      [`_sip._tcp.${ZONE}`, 'SRV'],
      [`alias.${ZONE}`, 'A'],
    ]) {
      const answer = await short(PRIMARY, ...words);
      expect(answer.length, words.join(' ')).toBeGreaterThan(0);
      expect(await short(SECONDARY, ...words), words.join(' ')).toEqual(answer);
    }
    for (const name of [`_tcp.${ZONE}`, `x.www.${ZONE}`]) {
      const status = /status: (\w+)/.exec(await dig(SECONDARY, name, 'A'))?.[1];
      expect(await dig(PRIMARY, name, 'A'), name).toContain(`status: ${status}`);
    }
  });

  it('is told of when it changes', async () => {
    await change(
      [record('new', { type: 'A', address: '192.0.2.99' })],
      ['www {"type":"A","address":"192.0.2.80"}'],
    );
    await bothSay(['192.0.2.99'], `new.${ZONE}`, 'A');
    await bothSay(['192.0.2.10'], `www.${ZONE}`, 'A');
    await expect.poll(() => said, { timeout: 60_000 }).toContain('received notify');
  });

  it('leaves an unhealthy entry point out, at the secondary too', async () => {
    const check = { kind: 'tcp', port: 1 } as const;
    await change([
      record('entry', { type: 'A', address: PRIMARY }, { check: { kind: 'tcp', port: PORT } }),
      record('entry', { type: 'A', address: NOBODY }, { check }),
    ]);
    await bothSay([PRIMARY], `entry.${ZONE}`, 'A');
  });

  it('has a serial that has risen after a restart of the manager too', async () => {
    /** Serial, and the seconds for which the secondary goes on without the manager. */
    const soa = async () => {
      const [, , serial, , , expire] = (await short(SECONDARY, ZONE, 'SOA'))[0]?.split(' ') ?? [];
      return { serial: Number(serial), expire: Number(expire) };
    };
    const before = await soa();
    expect(before.expire).toBe(14 * 24 * 3600);
    await stopPrimary();
    expect(await dig(PRIMARY, ZONE, 'SOA')).toContain('connection refused');
    expect(await short(SECONDARY, `new.${ZONE}`, 'A')).toEqual(['192.0.2.99']);
    await startPrimary();
    await change([record('later', { type: 'A', address: '192.0.2.100' })]);
    await bothSay(['192.0.2.100'], `later.${ZONE}`, 'A');
    expect((await soa()).serial).toBeGreaterThan(before.serial);
  });

  it('is not for others', async () => {
    expect(await dig(PRIMARY, ZONE, 'AXFR')).toContain('Transfer failed');
    expect(await dig(PRIMARY, 'example.org', 'A')).toContain('status: REFUSED');
    const whole = await dig(PRIMARY, '-b', SECONDARY, ZONE, 'AXFR');
    expect(whole.match(/\tSOA\t/g)).toHaveLength(2);
    expect(await run(['named-checkzone', '-k', 'fail', ZONE, join(folder, 'secondary.db')])).toContain('OK');
  });
});
