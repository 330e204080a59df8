import { expect, it } from 'vitest';
import type { Resources } from '../cluster/use-resources.ts';
import { foundSettings } from './palette-settings.ts';

const say = (key: string) => key;
const file = (name: string, services: string[] = []) => ({
  ...{ id: `id-${name}`, name, size: 3, stack: 'shop', services, containers: [] },
  ...{ createdAt: 1, updatedAt: 1, createdBy: 'ann', labels: {} },
});
const login = (service: string) => ({
  registry: 'r.example.com',
  username: 'bot',
  service,
  at: 1,
  by: 'ann',
});

const resources: Resources = {
  ...{
    networks: [],
    volumes: [],
    images: [],
    routes: [],
    balancers: [],
    certificates: [],
    users: [],
    tokens: [],
  },
  configs: [file('site.conf')],
  secrets: [file('key', ['shop/web'])],
  logins: [login(''), login('shop/web')],
  joinTokens: [
    { id: 't1', createdAt: 1, createdBy: 'ann', expiresAt: 9, usesLeft: 1, labels: {}, usedBy: ['h7'] },
  ],
};

it('finds configs, secrets, log-ins of registries and join tokens, and what may be done to them', () => {
  const opened: string[] = [];
  const groups = foundSettings(resources, say, say, say, (tab) => opened.push(tab));
  const found = groups.flatMap(({ title, all }) =>
    all.map((one) => [
      title,
      one.text,
      one.note,
      one
        .actions()
        .map(({ id }) => id)
        .join(),
    ]),
  );
  expect(found).toEqual([
    ['configs', 'site.conf', 'shop', 'file-remove'],
    ['secrets', 'key', 'shop', 'file-remove'],
    ['registries', 'r.example.com', 'bot', 'registry-out'],
    ['registries', 'r.example.com', 'bot · shop/web', ''],
    ['join', 't1', 'ann', 'join-remove'],
  ]);
  // None of them can be had back: each asks for its name.
  const words = groups.map(({ all }) => all[0]?.actions()[0]?.confirm?.typed?.word);
  expect(words).toEqual(['site.conf', 'key', 'r.example.com', 't1']);
  for (const { all } of groups) all[0]?.run();
  expect(opened).toEqual(['configs', 'secrets', 'registries', 'join']);
  expect(groups[3]?.all[0]?.texts).toContain('h7');
  const [remove] = groups[1]?.all[0]?.actions() ?? [];
  expect([remove?.way.input, remove?.confirm?.texts]).toEqual([
    { noun: 'secret', file: 'id-key' },
    ['file.remove.text', 'file.remove.used'],
  ]);
});
