import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../model/service.ts';
import { checked } from '../../json.ts';
import type { Json } from './part.ts';
import { blankService, fromServiceSpec, toServiceSpec } from './service-spec.ts';
import { serviceSpecSchema } from './spec-schema.ts';

const ABOUT = { dockerName: 'shop_web' };
const BLANK = blankService('shop', 'web', 'shop_web');
const read = (spec: Json, base = BLANK) => fromServiceSpec(spec, base, ABOUT);

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const words = fc.array(word, { minLength: 1, maxLength: 3 });
const pairs = fc.dictionary(word, word, { minKeys: 1, maxKeys: 3 });
const ms = fc.integer({ min: 1, max: 100_000 }).map((one) => one * 1_000_000);
const policy = (actions: string[]) =>
  fc.record({
    Parallelism: fc.integer({ min: 0, max: 9 }),
    Delay: ms,
    FailureAction: fc.constantFrom(...actions),
    Monitor: ms,
    MaxFailureRatio: fc.constantFrom(0, 0.5, 1),
    Order: fc.constantFrom('stop-first', 'start-first'),
  });
const port = fc.integer({ min: 1, max: 65_535 });

const files = (noun: string, name: fc.Arbitrary<string>) =>
  fc.array(
    fc.record({
      File: fc.record({
        Name: name,
        UID: fc.constantFrom('0', '33'),
        GID: fc.constant('0'),
        Mode: fc.constant(0o440),
      }),
      [`${noun}ID`]: word,
      [`${noun}Name`]: word,
    }),
    { minLength: 1, maxLength: 2 },
  );

/** Specs as clients write them when they say each thing in the one way that Docker itself answers with. */
const specs = fc.record({
  TaskTemplate: fc.record(
    {
      ContainerSpec: fc.record(
        {
          ...{
            Image: word,
            Command: words,
            Args: words,
            Hostname: word,
            Dir: word,
            User: word,
            Groups: words,
          },
          ...{ Env: words.map((all) => all.map((one) => `${one}=x`)), Labels: pairs, Sysctls: pairs },
          ...{ StopSignal: word, TTY: fc.constant(true), OpenStdin: fc.constant(true) },
          ...{ ReadOnly: fc.constant(true), Init: fc.boolean(), CapabilityAdd: words, CapabilityDrop: words },
          StopGracePeriod: fc.integer({ min: 0, max: 60 }).map((one) => one * 1e9),
          Hosts: words.map((all) => all.map((one) => `10.0.0.1 ${one}`)),
          Mounts: fc.array(
            fc.record({ Type: fc.constantFrom('bind', 'volume'), Source: word, Target: word }),
            { minLength: 1, maxLength: 2 },
          ),
          Secrets: files('Secret', word),
          Configs: files(
            'Config',
            word.map((one) => `/${one}`),
          ),
          Healthcheck: fc.record({ Test: fc.constantFrom(['NONE'], ['CMD', 'true']) }),
          DNSConfig: fc.record({ Nameservers: words, Search: words }),
        },
        { requiredKeys: ['Image'] },
      ),
      Resources: fc.record({
        Limits: fc.record({
          MemoryBytes: fc.integer({ min: 1, max: 1e12 }),
          Pids: fc.integer({ min: 1, max: 99 }),
        }),
        Reservations: fc.record({ NanoCPUs: fc.integer({ min: 1, max: 640 }).map((one) => one * 1e8) }),
      }),
      RestartPolicy: fc.record({
        Condition: fc.constant('on-failure'),
        MaxAttempts: fc.integer({ min: 1, max: 9 }),
        Delay: ms,
      }),
      Placement: fc.record(
        {
          Constraints: words.map((all) => all.map((one) => `node.labels.${one}==${one}`)),
          Preferences: words.map((all) =>
            all.map((one) => ({ Spread: { SpreadDescriptor: `node.labels.${one}` } })),
          ),
          MaxReplicas: fc.integer({ min: 1, max: 9 }),
        },
        { requiredKeys: ['MaxReplicas'] },
      ),
      ForceUpdate: fc.integer({ min: 1, max: 99 }),
      Networks: fc.uniqueArray(fc.record({ Target: word, Aliases: fc.uniqueArray(word, { minLength: 1 }) }), {
        selector: ({ Target }) => Target,
        minLength: 1,
        maxLength: 3,
      }),
      LogDriver: fc.record({ Name: word, Options: pairs }),
    },
    { requiredKeys: ['ContainerSpec'] },
  ),
  Mode: fc.oneof(
    fc.constant({ Global: {} }),
    fc.nat(50).map((Replicas) => ({ Replicated: { Replicas } })),
    fc.nat(50).map((n) => ({ ReplicatedJob: { MaxConcurrent: n, TotalCompletions: n } })),
  ),
  UpdateConfig: policy(['continue', 'pause', 'rollback']),
  RollbackConfig: policy(['continue', 'pause']),
  EndpointSpec: fc.record({
    Ports: fc.uniqueArray(
      fc
        .record({
          Protocol: fc.constantFrom('tcp', 'udp'),
          TargetPort: port,
          PublishedPort: port,
          PublishMode: fc.constantFrom('ingress', 'host'),
        })
        .filter(({ Protocol, PublishMode }) => Protocol === 'tcp' || PublishMode === 'host'),
      { selector: ({ TargetPort }) => TargetPort, minLength: 1, maxLength: 3 },
    ),
  }),
});

/** Ports are no list in Berth, but two tables. */
const byPort = (spec: Json) => {
  const endpoint = spec.EndpointSpec as { Ports?: { TargetPort: number }[] };
  const Ports = [...(endpoint.Ports ?? [])].sort((a, b) => a.TargetPort - b.TargetPort);
  return { ...spec, EndpointSpec: { ...endpoint, Ports } };
};

describe('ServiceSpec and service', () => {
  it('what a client writes is what it reads again', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const given = checked(serviceSpecSchema, { ...structuredClone(spec), Name: 'shop_web' });
        const shown = toServiceSpec(read(given).service, ABOUT);
        const Mode = spec.EndpointSpec.Ports.some((one) => one.PublishMode === 'ingress') ? 'vip' : 'dnsrr';
        expect(byPort(shown)).toEqual(
          byPort({
            ...spec,
            // Docker's command line looks into a placement without asking whether there is one.
            TaskTemplate: { Placement: {}, ...spec.TaskTemplate, Runtime: 'container' },
            EndpointSpec: { ...spec.EndpointSpec, Mode },
          }),
        );
      }),
    );
  });

  it('what was read and is written back changes nothing, whatever Docker has no word for', () => {
    fc.assert(
      fc.property(specs, word, words, (spec, name, binds) => {
        const { service } = read(spec);
        const own: Service = {
          ...service,
          naming: { kind: 'fixed', name },
          pull: 'always',
          weight: 7,
          container: {
            ...service.container,
            HostConfig: {
              ...service.container.HostConfig,
              Binds: binds.map((one) => `/${one}:/${one}:ro,z`),
              ShmSize: 5,
            },
          },
        };
        expect(read(toServiceSpec(own, ABOUT), own)).toEqual({ service: own, warnings: [] });
      }),
    );
  });

  it('a change of one field leaves the others as they are', () => {
    const { service } = read({ TaskTemplate: { ContainerSpec: { Image: 'a' } } });
    const own: Service = {
      ...service,
      container: { ...service.container, HostConfig: { Binds: ['data:/data:rw'], ShmSize: 5 } },
    };
    const shown = toServiceSpec(own, ABOUT);
    const changed = read({ ...shown, Mode: { Replicated: { Replicas: 0 } } }, own).service;
    expect(changed).toEqual({ ...own, scale: { kind: 'replicated', replicas: 0 } });
  });
});

describe('what services of Berth do not have', () => {
  const container = { Image: 'a' };
  it.each<[Json, string]>([
    [{ TaskTemplate: { ContainerSpec: { ...container, Secrets: [{ SecretID: 'x' }] } } }, 'has no File'],
    [
      {
        TaskTemplate: {
          ContainerSpec: { ...container, Configs: [{ ConfigName: 'x', File: { Name: '../x' } }] },
        },
      },
      'absolute path',
    ],
    [
      { TaskTemplate: { ContainerSpec: { ...container, Privileges: { NoNewPrivileges: true } } } },
      'Privileges',
    ],
    [{ TaskTemplate: { ContainerSpec: { ...container, Brandnew: 1 } } }, 'ContainerSpec.Brandnew'],
    [{ TaskTemplate: { ContainerSpec: container, Runtime: 'plugin' } }, 'TaskTemplate.Runtime'],
    [{ TaskTemplate: { ContainerSpec: container }, Mode: { GlobalJob: {} } }, 'GlobalJob'],
    [
      {
        TaskTemplate: {
          ContainerSpec: container,
          Resources: { Reservations: { GenericResources: [{ NamedResourceSpec: {} }] } },
        },
      },
      'GenericResources',
    ],
    [
      { TaskTemplate: { ContainerSpec: container }, EndpointSpec: { Ports: [{ TargetPort: 80 }] } },
      'PublishedPort',
    ],
    [{ TaskTemplate: { ContainerSpec: { ...container, Mounts: [{ Type: 'cluster' }] } } }, 'cluster'],
  ])('%j is refused by its name', (spec, name) => {
    expect(() => read(spec)).toThrow(name);
  });

  it('nothing of that is said by empty values', () => {
    const Privileges = { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: false };
    const empty = { Secrets: null, Configs: [], Isolation: 'default', Privileges };
    const spec = { TaskTemplate: { ContainerSpec: { ...container, ...empty }, Runtime: '' } };
    expect(read(spec)).toEqual(read({ TaskTemplate: { ContainerSpec: container } }));
  });

  it('ports that the router does not have are bound on each host', () => {
    const Ports = ['tcp', 'udp', 'sctp'].map((Protocol) => ({
      Protocol,
      TargetPort: 53,
      PublishedPort: 5353,
    }));
    const { service, warnings } = read({
      TaskTemplate: { ContainerSpec: container },
      EndpointSpec: { Ports },
    });
    expect(service.listeners).toEqual([{ kind: 'listener', protocol: 'tcp', frontPort: 5353, port: 53 }]);
    const bound = [{ HostIp: '', HostPort: '5353' }];
    expect(service.container.HostConfig?.PortBindings).toEqual({ '53/udp': bound, '53/sctp': bound });
    expect(warnings).toHaveLength(2);
  });

  it('is told where it is done in another way', () => {
    const { warnings } = read({
      TaskTemplate: {
        ContainerSpec: container,
        Placement: { Platforms: [{ OS: 'linux' }] },
        RestartPolicy: { Condition: 'any', Delay: 5e9, MaxAttempts: 3 },
        Resources: { Limits: { NanoCPUs: 2e9 }, Reservations: { NanoCPUs: 1e9 } },
      },
      Mode: { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 4 } },
    });
    const said = ['Platforms', 'Delay', 'MaxAttempts', 'Reservations.NanoCPUs', 'MaxConcurrent'];
    for (const name of said) expect(warnings.join('\n')).toContain(name);
    expect(warnings).toHaveLength(said.length);
  });
});
