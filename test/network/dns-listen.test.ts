import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ownNumber } from '../lab/own.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { run, tryRun } from '../lab/run.ts';

/** `berth up --dns-listen` and `berth dns` as a person types them, on a manager without a host. */
/** An address of this run's, as ports of others may be in use. */
const ADDRESS = `127.54.${await ownNumber()}.1`;
const folder = mkdtempSync(join(tmpdir(), 'berth-dns-'));
const dataDir = join(folder, 'data');
const berth = (...argv: string[]) =>
  run([resolve('berth'), ...argv, '--data-dir', dataDir], { timeoutMs: 300_000 });
const DNS = [`@${ADDRESS}`, '-p', '21053', '+short', '+time=5', '+tries=3'];
const dig = async (...argv: string[]) => (await tryRun(['dig', ...DNS, ...argv])).stdout.trim();
const up = (...more: string[]) =>
  berth(
    ...['up', '--no-agent', '--no-install', '--advertise', ADDRESS, '--docker-listen', `${ADDRESS}:21386`],
    ...['--api-listen', `${ADDRESS}:21453`, '--agent-listen', `${ADDRESS}:21464`, ...more],
  );

beforeAll(() => ensureRequirements([['dig', 'bind9-dnsutils']]));
afterAll(async () => {
  await tryRun([resolve('berth'), 'down', '--purge', '--yes', '--data-dir', dataDir]);
  rmSync(folder, { recursive: true, force: true });
});

/** A set with weights has one answer each time, one without all of them, from another one on. */
async function answersBySets(): Promise<void> {
  const add = (name: string, last: number, ...more: string[]) =>
    berth('dns', 'add', 'apps.example.com', name, 'A', `192.0.2.${last}`, ...more);
  for (const [last, weight] of Object.entries({ 21: '3', 22: '1', 23: '0' }))
    await add('canary', Number(last), '--weight', weight);
  for (const last of [31, 32]) await add('equal', last);
  const often = async (name: string, times: number) =>
    (await dig(...Array<string>(times).fill(`${name}.apps.example.com`))).split('\n');
  const canary = await often('canary', 200);
  expect(canary).toHaveLength(200);
  const share = (last: number) => canary.filter((address) => address === `192.0.2.${last}`).length;
  // Three quarters and a quarter; five times the spread of 200 throws of dice is 31.
  expect(share(22)).toBeGreaterThan(15);
  expect(share(21)).toBeGreaterThan(115);
  expect(share(21) + share(22)).toBe(200);
  const equal = await often('equal', 30);
  expect(equal).toHaveLength(60);
  const firsts = equal.filter((_, at) => at % 2 === 0);
  expect([...new Set(firsts)].sort()).toEqual(['192.0.2.31', '192.0.2.32']);
}

it('the manager answers for its zones where it is told to, and keeps both over a restart', async () => {
  await up();
  await berth('dns', 'zone', 'add', 'apps.example.com', '--wildcard', '192.0.2.10');
  expect(await dig('x.apps.example.com')).not.toContain('192.0.2.10');
  await berth('down');
  await up('--dns-listen', `${ADDRESS}:21053`);
  expect(await dig('x.apps.example.com')).toBe('192.0.2.10');
  const made = await berth('dns', 'add', 'apps.example.com', 'www', 'A', '192.0.2.11');
  expect(await dig('www.apps.example.com')).toBe('192.0.2.11');
  await berth('dns', 'rm', made.split(':')[0] ?? '', '--yes');
  expect(await dig('www.apps.example.com')).toBe('192.0.2.10');
  await answersBySets();
  await berth('down');
  await up();
  expect(await dig('x.apps.example.com')).toBe('192.0.2.10');
  expect(await dig('+tcp', 'apps.example.com', 'NS')).toBe('ns.apps.example.com.');
  await berth('down');
  await up('--dns-listen', 'off');
  expect(await dig('x.apps.example.com')).not.toContain('192.0.2.10');
}, 900_000);
