import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Known, offersAt, type Schema } from './compose-words.ts';
import { yamlPlace } from './yaml-place.ts';

const schema = JSON.parse(readFileSync('src/compose/schema/compose-spec.json', 'utf8')) as Schema;
const known: Known = { schema, labels: [{ name: 'routing.port_*', words: 'A domain.' }] };

function words(text: string): string[] {
  const lines = text.split('\n');
  const place = yamlPlace(lines.at(-1) ?? '', lines.slice(0, -1));
  if (place === undefined) throw new Error('no place');
  return offersAt(place, text, known).map(({ word }) => word);
}

it('offers what the specification has there', () => {
  expect(words('ser')).toEqual(expect.arrayContaining(['services', 'networks', 'volumes', 'secrets']));
  expect(words('ser')).not.toContain('version');
  expect(words('services:\n  web:\n    ')).toEqual(expect.arrayContaining(['image', 'depends_on', 'deploy']));
  expect(words('services:\n  web:\n    deploy:\n      resources:\n        ')).toEqual(
    expect.arrayContaining(['limits', 'reservations']),
  );
  expect(words('services:\n  web:\n    ports:\n      - ')).toEqual(
    expect.arrayContaining(['target', 'published']),
  );
  expect(words('services:\n  web:\n    build:\n      ')).toEqual(
    expect.arrayContaining(['context', 'dockerfile']),
  );
  expect(words('services:\n  ')).toEqual([]);
});

it('offers values that are from a list, names of the file, and labels', () => {
  expect(words('services:\n  web:\n    volumes:\n      - type: ')).toContain('volume');
  expect(words('services:\n  web:\n    init: ')).toEqual(['true', 'false']);
  const two = 'services:\n  db:\n    image: db\n  web:\n    depends_on:\n      ';
  expect(words(`${two}- `)).toEqual(['db']);
  expect(words(two)).toContain('db');
  expect(words('services:\n  web:\n    labels:\n      ')).toEqual(['berth.routing.port_80']);
});

it('writes a key so that its value can be typed on', () => {
  const place = yamlPlace('    ', ['services:', '  web:']);
  if (place === undefined) throw new Error('no place');
  const inserts = new Map(offersAt(place, '', known).map(({ word, insert }) => [word, insert]));
  expect([inserts.get('image'), inserts.get('deploy')]).toEqual(['image: ', 'deploy:']);
});
