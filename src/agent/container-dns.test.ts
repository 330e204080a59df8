import { describe, expect, it } from 'vitest';
import type { Assignment } from '../contract/link.ts';
import type { Span } from '../model/span.ts';
import { assignmentRecord } from './agent.fixture.ts';
import { createBody } from './create-body.ts';

const span: Span = { driver: 'xoverlay', pools: [{ subnet: '10.0.0.0/24' }], mtu: 1450, internal: false };
const dns = { upstream: ['127.0.0.53', '192.0.2.1', '192.0.2.2'], answersIn: (id: string) => id !== 'mute' };
const context = { cluster: 'c1', cpus: 4, peers: [], dns };

function on(networks: readonly string[], hostConfig: object = {}, endpoint: object = {}): Assignment {
  const made = assignmentRecord(
    'web',
    {},
    {
      Image: 'busybox',
      HostConfig: { NetworkMode: networks[0], ...hostConfig },
      NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks.map((id) => [id, endpoint])) },
    },
  );
  const needs = networks.map((id) => ({
    ...{ id, spec: { Name: `name-of-${id}` } },
    ...(id.startsWith('local') ? {} : { span }),
  }));
  return { ...made, needs: { ...made.needs, networks: needs } };
}

describe('name servers', () => {
  it("are the agent and the host's own, where a container could reach them", () => {
    expect(createBody(on(['n1']), context).HostConfig).toMatchObject({
      NetworkMode: 'name-of-n1',
      Dns: ['169.254.53.53', '192.0.2.1', '192.0.2.2'],
    });
  });

  it("are the agent and the user's", () => {
    expect(createBody(on(['local', 'n1'], { Dns: ['198.51.100.1'] }), context).HostConfig).toMatchObject({
      Dns: ['169.254.53.53', '198.51.100.1'],
    });
  });

  it.each([
    ['on a network of one host', on(['local']), context],
    ['where no names are answered', on(['mute']), context],
    ['without an agent that answers', on(['n1']), { ...context, dns: undefined }],
  ])("are the user's alone %s", (_, assignment, how) => {
    expect(createBody(assignment, how).HostConfig).not.toHaveProperty('Dns');
  });
});

it('aliases are answered by the agent, not by the engine', () => {
  const endpoint = { Aliases: ['www'], IPAMConfig: { IPv4Address: '10.0.0.2' } };
  expect(createBody(on(['n1'], {}, endpoint), context).NetworkingConfig).toEqual({
    EndpointsConfig: { 'name-of-n1': { IPAMConfig: { IPv4Address: '10.0.0.2' } } },
  });
  for (const network of ['local', 'mute'])
    expect(createBody(on([network], {}, endpoint), context).NetworkingConfig).toEqual({
      EndpointsConfig: { [`name-of-${network}`]: endpoint },
    });
});
