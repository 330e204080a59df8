import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configText } from './config-text.ts';
import { merge } from './merge.ts';
import { parseYaml } from './parse.ts';
import { Problems } from './problems.ts';
import { errorsOf, read, serviceIn, warningsOf } from './testing.ts';
import { plain } from './tree.ts';

const TWO = { files: ['base.yml', 'over.yml'] };

function config(files: Readonly<Record<string, string>>, input: Parameters<typeof read>[1] = TWO) {
  return JSON.parse(configText(read(files, input).config, 'json'));
}

describe('several files', () => {
  it('are merged by the rules of the specification', () => {
    const merged = config({
      'base.yml': `services:
  a:
    image: x
    command: echo "a b" c
    environment: {A: 1, B: 2}
    ports: ["80:80", "81:81"]
    volumes: ["/one:/data", "/two:/other"]
    dns: 1.1.1.1
    depends_on: [b]
    healthcheck: {test: [CMD, one], interval: 5s}
    logging: {driver: json-file, options: {max-size: 1m}}
    deploy: {labels: [x=1]}
  b: {image: y}
`,
      'over.yml': `services:
  a:
    command: [run]
    environment: [B=3, C=4]
    ports: ["80:80", "82:82"]
    volumes: ["/three:/data:ro"]
    dns: [1.1.1.1, 8.8.8.8]
    depends_on: {b: {condition: service_healthy}}
    healthcheck: {test: two}
    logging: {driver: syslog}
    deploy: {labels: {y: "2"}}
`,
    });
    expect(merged.services.a).toMatchObject({
      image: 'x',
      command: ['run'],
      environment: { A: 1, B: '3', C: '4' },
      dns: ['1.1.1.1', '8.8.8.8'],
      depends_on: { b: { condition: 'service_healthy' } },
      healthcheck: { test: ['CMD-SHELL', 'two'], interval: '5s' },
      logging: { driver: 'syslog' },
      deploy: { labels: { x: '1', y: '2' } },
    });
    expect(merged.services.a.logging).not.toHaveProperty('options');
    expect(merged.services.a.ports.map((port: { target: number }) => port.target)).toEqual([80, 81, 82]);
    expect(merged.services.a.volumes).toMatchObject([
      { source: '/three', target: '/data', read_only: true },
      { source: '/two', target: '/other' },
    ]);
  });

  it('take away with !reset and replace with !override', () => {
    const merged = config({
      'base.yml': 'services: {a: {image: x, ports: ["80", "81"], dns: [1.1.1.1], environment: {A: 1, B: 2}}}',
      'over.yml': 'services: {a: {ports: !override ["82"], dns: !reset null, environment: {A: !reset null}}}',
    });
    expect(merged.services.a.ports).toEqual([{ target: 82, protocol: 'tcp' }]);
    expect(merged.services.a).not.toHaveProperty('dns');
    expect(merged.services.a.environment).toEqual({ B: 2 });
  });

  it('say what cannot be merged, in the file that it stands in', () => {
    expect(
      errorsOf(
        { 'base.yml': 'services: {a: {image: x}}\nx-a: {}\n', 'over.yml': 'services: {}\nx-a: [1]\n' },
        TWO,
      ),
    ).toEqual([
      'over.yml:2:6: x-a: is a list, and a map in "base.yml" line 2: these cannot be merged, write !override to replace it',
    ]);
  });

  it('keep what they are when they are merged with themselves', () => {
    const { data } = fc.letrec((tie) => ({
      data: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom('x', 1, true),
        fc.uniqueArray(fc.string(), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== '<<'),
          tie('data'),
          { maxKeys: 4 },
        ),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), data), (given) => {
        const problems = new Problems();
        const tree = parseYaml('x.yml', JSON.stringify(given), problems);
        expect(JSON.stringify(plain(merge(tree, tree, problems)))).toBe(JSON.stringify(plain(tree)));
        problems.throwErrors();
      }),
      { numRuns: 200 },
    );
  });
});

describe('extends and include', () => {
  it('extend a service of another file, whose paths are seen from there', () => {
    const merged = config(
      {
        'compose.yml':
          'services: {a: {extends: {file: common/base.yml, service: base}, environment: {B: 2}}}',
        'common/base.yml':
          'services: {base: {extends: root, volumes: ["./data:/data"]}, root: {image: x, environment: {A: 1, B: 1}}}',
      },
      {},
    );
    expect(merged.services).toMatchObject({
      a: { image: 'x', environment: { A: 1, B: 2 }, volumes: [{ source: '/p/common/data' }] },
    });
    expect(Object.keys(merged.services)).toEqual(['a']);
  });

  it('include files with their own folder and variables, and refuse the same name for two things', () => {
    const files = {
      'compose.yml':
        'include: [{path: part/compose.yml, env_file: part/own.env}]\nservices: {a: {image: "a:${T:-none}", depends_on: [b]}}',
      'part/compose.yml': 'services: {b: {image: "b:${T}", volumes: ["./x:/x"]}}',
      'part/own.env': 'T=part\n',
    };
    const result = read(files);
    expect(serviceIn(result, 'a').container.Image).toBe('a:none');
    expect(serviceIn(result, 'b').container).toMatchObject({
      Image: 'b:part',
      HostConfig: { Binds: ['/p/part/x:/x:rw'] },
    });
    expect(
      errorsOf({ ...files, 'part/compose.yml': 'services: {a: {image: other}, b: {image: b}}' })[0],
    ).toContain('compose.yml:2:12: services.a: is included too, from "part/compose.yml" line 1');
  });

  it('say what is not there', () => {
    expect(errorsOf('services: {a: {extends: {file: no.yml, service: b}}}')[0]).toContain(
      'there is no file "no.yml"',
    );
    expect(errorsOf('services: {a: {image: x, extends: b}}')[0]).toContain('there is no service "b"');
    expect(errorsOf('services: {a: {image: x, env_file: no.env}}')[0]).toContain('there is no file "no.env"');
  });
});

describe('profiles', () => {
  const file =
    'services: {a: {image: x}, b: {image: y, profiles: [debug]}, c: {image: z, depends_on: {b: {condition: service_started, required: false}}}}';
  const names = (profiles: string[]) => read(file, { profiles }).stack.services.map(({ name }) => name);

  it('leave out what is not active', () => {
    expect(names([])).toEqual(['a', 'c']);
    expect(names(['debug'])).toEqual(['a', 'b', 'c']);
    expect(names(['*'])).toEqual(['a', 'b', 'c']);
  });

  it('are a mistake where an active service needs one that is not', () => {
    expect(errorsOf('services: {a: {image: x, depends_on: [b]}, b: {image: y, profiles: [debug]}}')).toEqual([
      'compose.yml:1:39: services.a.depends_on.b: there is no service "b" that runs: a profile may have left it out',
    ]);
  });
});

it('reads files of every version as the same stack', () => {
  const body = 'web:\n  image: x\n  ports: ["80:80"]\n  links: ["db:data"]\ndb:\n  image: y\n';
  const indented = body.replace(/^(?=.)/gm, '  ');
  const [first, ...others] = [
    body,
    `version: '2.4'\nservices:\n${indented}`,
    `version: 3\nservices:\n${indented}`,
    `services:\n${indented}`,
  ].map((text) => read(text).stack);
  for (const other of others) expect(other).toEqual(first);
  expect(serviceIn({ ...read(body) }, 'db').container.NetworkingConfig).toEqual({
    EndpointsConfig: { shop_default: { Aliases: ['db', 'data'] } },
  });
  expect(errorsOf('version: "9"\nservices: {a: {image: x}}')[0]).toContain('"9" is unknown');
});

it('reads keys of version 1 by their newer names', () => {
  const { container, build } = serviceIn(
    read('a:\n  build: .\n  dockerfile: D\n  net: host\n  log_driver: syslog\n  log_opt: {tag: t}\n'),
    'a',
  );
  expect(build).toMatchObject({ context: '/p', dockerfile: 'D' });
  expect(container.HostConfig).toMatchObject({
    NetworkMode: 'host',
    LogConfig: { Type: 'syslog', Config: { tag: 't' } },
  });
});

it('says where images are made, if not by whom the stack is for', () => {
  const text = 'services: {a: {build: .}, b: {image: shop/b:1, build: .}, c: {image: x}}';
  const told = (image: string) =>
    `is not done here: berth deploy does it, and docker build -t ${image} through the cluster`;
  expect(warningsOf(text, { builds: false })).toEqual([
    `compose.yml:1:16: services.a.build: ${told('shop_a')}`,
    `compose.yml:1:48: services.b.build: ${told('shop/b:1')}`,
  ]);
  expect(warningsOf(text)).toEqual([]);
});

it('warns of variables that are not set', () => {
  expect(warningsOf('services: {a: {image: "x$TAG"}}')).toEqual([
    'compose.yml:1:23: services.a.image: variable TAG is not set: it is empty here',
  ]);
});
