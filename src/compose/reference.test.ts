import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { KEY_ROWS } from './keys.ts';
import { composeReference } from './reference.ts';
import { schemaKeys } from './schema-keys.ts';
import { errorsOf, warningsOf } from './testing.ts';

it('is what docs/guide/compose-keys.md holds; run "npx tsx scripts/compose-reference.mjs" to make it anew', () => {
  const page = readFileSync(new URL('../../docs/guide/compose-keys.md', import.meta.url), 'utf8');
  expect(page).toBe(composeReference());
});

it('has one row for each key of the specification, and none besides', () => {
  const rows = new Map(KEY_ROWS.map((row) => [row.key, row]));
  expect(rows.size).toBe(KEY_ROWS.length);
  const without = schemaKeys().filter((key) => !rows.has(key));
  const closed = KEY_ROWS.filter(({ verdict }) => verdict === 'warned' || verdict === 'refused').map(
    ({ key }) => key,
  );
  const inside = (key: string) =>
    closed.some((above) => key.startsWith(`${above}.`) || key.startsWith(`${above}[]`));
  expect(without.filter((key) => !inside(key))).toEqual([]);
  const known = new Set(schemaKeys());
  expect(KEY_ROWS.filter(({ key }) => !known.has(key))).toEqual([]);
});

it('tells each key that is not honoured, with its place', () => {
  const file = [
    'services:',
    '  a:',
    '    image: x',
    '    post_start: [{command: echo}]',
    '    secrets: [s]',
    'secrets:',
    '  s:',
    '    file: f',
    '    driver: d',
  ].join('\n');
  expect(errorsOf({ 'compose.yml': file, f: 'hidden' })).toEqual([
    'compose.yml:4:5: services.a.post_start: is not carried out: let the entrypoint or a service of its own do it',
    'compose.yml:9:5: secrets.s.driver: cannot be had: secrets are kept by the cluster itself',
  ]);
  expect(
    warningsOf('services:\n  a:\n    image: x\n    develop: {watch: [{path: ., action: sync}]}\n'),
  ).toEqual(['compose.yml:4:5: services.a.develop: is for docker compose watch, and changes nothing here']);
});
