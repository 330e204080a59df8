import { beforeEach, expect, it } from 'vitest';
import { type Draft, Drafts, isChanged, withContent, withText } from './draft.ts';
import { sourceOfTemplate, TEMPLATES } from './templates.ts';

class MemoryStorage {
  readonly items = new Map<string, string>();
  get length() {
    return this.items.size;
  }
  key(i: number) {
    return [...this.items.keys()][i] ?? null;
  }
  getItem(key: string) {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.items.set(key, value);
  }
  removeItem(key: string) {
    this.items.delete(key);
  }
}

let storage: MemoryStorage;
beforeEach(() => {
  storage = new MemoryStorage();
});

const source = {
  ...{ folder: '/srv/shop', compose: ['compose.yaml'], profiles: [], variables: 'A=hush-1\n' },
  files: [
    { path: 'compose.yaml', text: 'services: {}\n' },
    { path: 'web.env', text: 'B=hush-2\n' },
  ],
};
const base = { generation: 3, source };
const draft: Draft = { name: 'shop', source, contents: [], base, at: 1 };

it('keeps a draft as it is while the page is open, and what may be secret nowhere else', () => {
  const drafts = new Drafts('anna', storage);
  const typed = withContent(withText(draft, 'compose.yaml', 'services: { web: {} }\n'), 'key.pem', 'hush-3');
  drafts.put('shop', typed);
  expect(drafts.get('shop', base)).toBe(typed);
  expect([...storage.items.values()].join()).not.toContain('hush');
  // The page was loaded anew: the rest is as the cluster has it.
  const again = new Drafts('anna', storage).get('shop', base);
  expect(again).toMatchObject({ name: 'shop', contents: [], base });
  expect(again?.source.variables).toBe('A=hush-1\n');
  expect(again?.source.files.map(({ text }) => text)).toEqual(['services: { web: {} }\n', 'B=hush-2\n']);
  drafts.drop('shop');
  expect(storage.length).toBe(0);
});

it('knows with which version of the stack it was begun', () => {
  new Drafts('anna', storage).put('shop', draft);
  const now = { generation: 4, source: { ...source, variables: 'A=2\n' } };
  expect(new Drafts('anna', storage).get('shop', now)?.base).toEqual({ generation: 3, source: null });
});

it('gives nobody what another user has typed', () => {
  new Drafts('anna', storage).put('shop', draft);
  expect(new Drafts('bob', storage).get('shop', base)).toBeUndefined();
  expect(storage.length).toBe(0);
});

it('tells what is typed from what is deployed', () => {
  expect(isChanged(draft)).toBe(false);
  expect(isChanged(withText(draft, '.env', 'A=2\n'))).toBe(true);
  expect(isChanged(withContent(draft, 'key.pem', ''))).toBe(true);
});

it('makes up another password for each stack', () => {
  const wordpress = TEMPLATES.find(({ id }) => id === 'wordpress');
  if (wordpress === undefined) throw new Error('it is gone');
  const made = [1, 2].map(() => sourceOfTemplate(wordpress).variables);
  expect(made[0]).toMatch(/^DB_PASSWORD=\w{24}\n$/);
  expect(made[0]).not.toBe(made[1]);
});
