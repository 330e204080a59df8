import { expect, it } from 'vitest';
import { curlText } from '../../parts/copy.tsx';
import { deployWay } from './deploy-way.ts';
import { type Draft, withContent } from './draft.ts';

const source: Draft['source'] = {
  ...{ folder: '/srv/shop', compose: ['a.yml', '/etc/b c.yml'], profiles: ['x', 'y z'] },
  ...{ variables: 'A=hush-1\n' },
  files: [
    { path: 'a.yml', text: 'services: {}\n' },
    { path: '/etc/b c.yml', text: 'networks: {}\n' },
    { path: 'web.env', text: 'B=hush-2\n' },
  ],
};
const draft: Draft = { name: 'shop', source, contents: [], base: { generation: 3, source }, at: 1 };
const of = (some: Partial<Draft['source']>) =>
  deployWay({ ...draft, source: { ...source, profiles: [], variables: '', ...some } }).cli;

it('names all that makes the stack on the command line', () => {
  expect(deployWay(draft).cli).toBe(
    "berth deploy -f /srv/shop/a.yml -f '/etc/b c.yml' --name shop --env-file /srv/shop/.env --profile x --profile 'y z'",
  );
  expect(of({ compose: ['compose.yaml'] })).toBe('berth deploy -f /srv/shop/compose.yaml --name shop');
});

it('says where the folder is another one than the first file’s', () => {
  expect(of({ compose: ['deploy/a.yml'] })).toBe(
    'berth deploy -f /srv/shop/deploy/a.yml --name shop --project-directory /srv/shop',
  );
  expect(of({ compose: ['<stdin>'] })).toBe(
    'berth deploy -f - --name shop --project-directory /srv/shop < compose.yaml',
  );
  expect(of({ folder: '/', compose: ['a.yml'] })).toBe('berth deploy -f /a.yml --name shop');
});

it('has the whole call, with words for what may be secret', () => {
  const text = curlText(deployWay(withContent(draft, 'key.pem', 'aHVzaC0z')), 'https://berth');
  expect(text).not.toMatch(/hush|aHVzaC0z/);
  const [, body = ''] = /-d '(.*)' https:\/\/berth\/v1\/stacks\/shop\/apply$/s.exec(text) ?? [];
  expect(JSON.parse(body)).toEqual({
    source: {
      ...source,
      variables: '<VARIABLES>',
      files: [source.files[0], source.files[1], { path: 'web.env', text: '<TEXT>' }],
    },
    contents: [{ path: 'key.pem', content: '<BASE64>' }],
    expect: 3,
  });
});
