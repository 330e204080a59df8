import { expect, it } from 'vitest';
import { sendNotify } from './authoritative/notify.ts';
import { exchange } from './exchange.ts';
import { queryOf } from './query.fixture.ts';

/** An ordinary socket is not let to the broadcast address: the connect itself fails, as where there is no route. */
const NOWHERE = '255.255.255.255';

it('a name server to which there is no way is one that cannot be reached, and nothing else happens', async () => {
  const { question } = queryOf('example.com', 'A');
  const asked = { question, checkingDisabled: false, dnssecOk: false, edns: false };
  const answer = exchange({ address: NOWHERE, port: 53 }, asked, { transport: 'udp', timeoutMs: 2_000 });
  await expect(answer).rejects.toThrow(`name server ${NOWHERE} cannot be reached`);
});

it('a secondary to which there is no way does not hear of it, and nothing else happens', async () => {
  const told = sendNotify('example.com', { address: NOWHERE, port: 53 }, undefined, 2_000);
  await expect(told).rejects.toThrow(/EACCES|ENETUNREACH|EHOSTUNREACH/);
});
