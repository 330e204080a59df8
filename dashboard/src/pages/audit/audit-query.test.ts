import { expect, it } from 'vitest';
import { auditCommand, CSV_HEAD, entryCsv, entryJson, queryOf } from './audit-query.ts';

const entry = {
  ...({ kind: 'audit', id: '1', at: 0, user: 'ann', via: 'api', from: '10.0.0.1' } as const),
  ...{ action: 'stack.deploy', target: '=cmd()', outcome: 'ok' },
} as const;

it('asks for what the address says, and for no time that is none', () => {
  expect(queryOf({ user: '', action: 'a.*', result: 'maybe', since: 'soon' })).toEqual({ action: 'a.*' });
  const { since, until, result } = queryOf({ since: '2026-01-31T12:00', until: '', result: 'failed' });
  expect(since).toBe(new Date(2026, 0, 31, 12).getTime());
  expect([until, result]).toEqual([undefined, 'failed']);
});

it('writes entries as lines, with no formula among them', () => {
  expect(CSV_HEAD + entryCsv(entry)).toBe(
    "time,user,via,from,action,target,outcome\r\n1970-01-01T00:00:00.000Z,ann,api,10.0.0.1,stack.deploy,'=cmd(),ok\r\n",
  );
  expect(JSON.parse(entryJson(entry))).toMatchObject({ target: '=cmd()', time: '1970-01-01T00:00:00.000Z' });
});

it('has a command line for what is shown', () => {
  const at = new Date('2026-01-31T12:00').toISOString();
  expect(auditCommand({ since: '2026-01-31T12:00', user: 'ann', action: 'container.*', result: 'ok' })).toBe(
    `berth audit --since ${at} --user ann --action 'container.*'`,
  );
  expect(auditCommand({ since: 'soon', user: '' })).toBe('berth audit');
});
