import fc from 'fast-check';
import { expect, it } from 'vitest';
import { envFileText, parseEnvFile } from './env-file.ts';
import { readSent, type SentAnswer, type SentStack } from './sent.ts';

type Given = Readonly<{
  files?: Readonly<Record<string, string>>;
  variables?: string;
  contents?: Readonly<Record<string, string>>;
  kept?: SentStack['kept'];
}>;

function send(text: string, { files = {}, variables = '', contents = {}, kept = [] }: Given = {}) {
  const all = Object.entries({ 'compose.yaml': text, ...files }).map(([path, one]) => ({ path, text: one }));
  return readSent(
    {
      name: 'shop',
      source: { folder: '/srv/shop', compose: ['compose.yaml'], files: all, variables, profiles: [] },
      contents: Object.entries(contents).map(([path, one]) => ({ path, bytes: Buffer.from(one) })),
      kept,
    },
    undefined,
  );
}

function good(answer: SentAnswer) {
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer;
}

const messages = (answer: SentAnswer) => (answer.ok ? [] : answer.problems.map(({ message }) => message));

it('reads what was sent, and tells mistakes by the paths that were sent', () => {
  const { stack } = good(
    send('services:\n  web: { image: "web:${TAG}", env_file: web.env }\n', {
      variables: 'TAG=2\n',
      files: { 'web.env': 'A=1\n' },
    }),
  );
  expect(stack.services[0]?.container).toMatchObject({ Image: 'web:2', Env: ['A=1'] });
  const wrong = send('services:\n  web:\n    image: web\n    imagee: web\n');
  expect(wrong).toMatchObject({
    ok: false,
    tooLarge: false,
    problems: [{ at: { file: 'compose.yaml', line: 4, column: 5 }, key: 'services.web.imagee' }],
  });
  // Which may be why.
  expect(send('services:\n  web:\n    image: "web:${TAG2}"\n')).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('"web:" is no name of an image') }],
    warnings: [
      { at: { file: 'compose.yaml', line: 3 }, message: expect.stringContaining('TAG2 is not set') },
    ],
  });
});

it('knows no file but those that were sent, whatever path is written', () => {
  for (const path of [
    '/etc/passwd',
    '../../etc/passwd',
    '/proc/self/environ',
    'a/../../../etc/passwd',
    './x',
  ]) {
    const answers = [
      send(`services:\n  web: { image: web, env_file: "${path}" }\n`),
      send(`services:\n  web: { image: web, extends: { file: "${path}", service: web } }\n`),
      send(`include: ["${path}"]\nservices:\n  web: { image: web }\n`),
      send(`services:\n  web: { image: web }\nconfigs:\n  a: { file: "${path}" }\n`),
      send(`services:\n  web: { image: web }\nsecrets:\n  a: { file: "${path}" }\n`),
    ];
    for (const answer of answers) {
      expect(messages(answer)).toEqual([expect.stringContaining('there is no file')]);
      expect(answer.absent).toHaveLength(1);
    }
  }
});

it('has variables of what was sent alone, none of its own environment', () => {
  const { stack } = good(send('services:\n  web: { image: "web:${PATH:-none}" }\n'));
  expect(stack.services[0]?.container.Image).toBe('web:none');
});

const SECRET =
  'services:\n  db: { image: db, secrets: [pw, key] }\nsecrets:\n  pw: { environment: PW }\n  key: { file: ./key.pem }\n';

it('gives the source from which the same is read again, and nothing of a secret in it', () => {
  const text = `include: [more.yaml]\n${SECRET}configs: { c: { file: c.conf } }\n`;
  const first = good(
    send(text, {
      variables: "TAG='a b'\nPW=hush-1\nUNUSED=hush-2\n",
      files: {
        'more.yaml': 'services: { cache: { image: cache, labels: { a: "$TAG" } } }\n',
        unread: 'hush-3',
      },
      contents: { 'key.pem': 'hush-4', 'c.conf': 'hush-5' },
    }),
  );
  expect(JSON.stringify(first.source)).not.toContain('hush');
  expect(first.source).toMatchObject({
    folder: '/srv/shop',
    compose: ['compose.yaml'],
    variables: "TAG='a b'\n",
  });
  expect(first.source.files.map(({ path }) => path)).toEqual(['compose.yaml', 'more.yaml']);
  const kept: SentStack['kept'] = [
    { kind: 'secret', name: 'shop_pw', id: 'i1' },
    { kind: 'secret', name: 'shop_key', id: 'i2' },
    { kind: 'config', name: 'shop_c', id: 'i3' },
  ];
  const again = good(readSent({ name: 'shop', source: first.source, contents: [], kept }, undefined));
  expect(again.stack.services).toEqual(first.stack.services);
  expect(again.source).toEqual(first.source);
  expect([...again.stack.secrets, ...again.stack.configs].map(({ content }) => content)).toEqual([
    { kind: 'kept', id: 'i2' },
    { kind: 'kept', id: 'i1' },
    { kind: 'kept', id: 'i3' },
  ]);
});

it('takes a content that was sent before one that is kept, and misses one that is neither', () => {
  const kept: SentStack['kept'] = [{ kind: 'secret', name: 'shop_key', id: 'i2' }];
  const { stack } = good(send(SECRET, { variables: 'PW=1', contents: { 'key.pem': 'new' }, kept }));
  expect(stack.secrets.map(({ content }) => content)).toEqual([
    { kind: 'text', text: 'new' },
    { kind: 'text', text: '1' },
  ]);
  expect(messages(send(SECRET, { kept }))).toEqual(['the variable "PW" is not set']);
  const missing = send(SECRET, { variables: 'PW=1' });
  expect(messages(missing)).toEqual(['there is no file "key.pem" that can be read']);
  expect(missing.absent).toEqual(['key.pem']);
});

it('tells no value of a variable in what is wrong with the files', () => {
  const told = (text: string, variables: string, files = {}) =>
    JSON.stringify(send(text, { variables, files }));
  const web = (more: string) => `services:\n  web:\n    image: web\n    ${more}\n`;
  const PW = 'hunter2-hunter2';
  for (const [text, variables] of [
    [web('ports: ["${PW}"]'), `PW=${PW}`],
    [web('ports: ["80:${PW}:x"]'), `PW=${PW}`],
    [web('mem_limit: "${PW}"'), `PW='${PW}'`],
    [web('restart: "x${PW}"'), `PW="${PW}"`],
    [web('restart: "${PW}"'), `PW="${PW}${'-'.repeat(200)}"`],
    [web('volumes: ["data:${PW}"]'), `PW=${PW}`],
    // Variables that cannot be read themselves.
    [web('restart: no'), `PW=${PW}$ x\n`],
    [web('restart: no'), `PW="${PW}\n${PW} $`],
  ] as const) {
    const answer = told(text, variables);
    expect([text, answer]).toEqual([text, expect.stringContaining('"ok":false')]);
    expect([text, answer]).toEqual([text, expect.not.stringContaining('hunter2')]);
  }
  expect(messages(send(web('restart: "${PW}"'), { variables: 'PW=hush\n' }))).toEqual([
    expect.stringMatching(/^"\$\{PW\}" is none: write no, always/),
  ]);
  // Escaped, as a message has it; and of an env file of a service.
  expect(told(web('restart: "${PW}"'), "PW='hunter2\\\"'")).not.toContain('hunter2');
  expect(told(web('env_file: web.env'), '', { 'web.env': `A=${PW} $\n` })).not.toContain('hunter2');
  // Words that a message has of its own stay.
  expect(messages(send(web('restart: "x"'), { variables: 'A=always\nB=true\n' }))[0]).toContain(
    'write no, always',
  );
});

it('writes env files that are read as the same variables', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('"', "'", '$', '\\', '\n', '\r', '#', ' ', 'a') }),
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([one]) => one }), (pairs) => {
      const variables = new Map(pairs);
      const read = parseEnvFile('.env', envFileText(variables), () => undefined);
      expect([...read]).toEqual([...variables]);
    }),
  );
});
