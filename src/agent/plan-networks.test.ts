import { describe, expect, it } from 'vitest';
import type { Assignment } from '../contract/link.ts';
import type { ObservedContainer } from '../model/container.ts';
import type { Span } from '../model/span.ts';
import { assignmentRecord } from './agent.fixture.ts';
import { createBody } from './create-body.ts';
import { planFurtherNetworks, planNetworks } from './plan-networks.ts';

const span: Span = {
  driver: 'xoverlay',
  pools: [{ subnet: '10.5.0.0/24' }],
  mtu: 1450,
  internal: false,
  vni: 1,
};
const need = (id: string, last: number) => ({
  id,
  spec: { Name: `name-of-${id}` },
  span,
  endpoint: { ipv4: `10.5.0.${last}`, mac: `02:be:0a:05:00:0${last}` },
});
const own = new Set(['name-of-n1', 'name-of-n2', 'name-of-n3', 'engine-n3']);

function on(networks: Assignment['needs']['networks'], mode = 'n1'): Assignment {
  const EndpointsConfig = Object.fromEntries(networks.map(({ id }) => [id, { Aliases: [`alias-${id}`] }]));
  const spec = { HostConfig: { NetworkMode: mode }, NetworkingConfig: { EndpointsConfig } };
  return { ...assignmentRecord('web', {}, spec), needs: { networks, volumes: [] } };
}

function seen(Networks: object, status: ObservedContainer['state']['status'] = 'running'): ObservedContainer {
  return { state: { status }, networkSettings: { Networks } } as unknown as ObservedContainer;
}
const at = (ipv4: string) => ({ NetworkID: 'x', IPAMConfig: { IPv4Address: ipv4 } });
const web = on([need('n1', 2), need('n2', 3)]);
const whole = { 'name-of-n1': at('10.5.0.2'), 'name-of-n2': at('10.5.0.3') };

describe('a container on several networks', () => {
  it('is made on one, with its address there, and connected to the others', () => {
    const body = createBody(web, { cluster: 'c1', cpus: 1, peers: [] });
    expect(body.HostConfig).toMatchObject({ NetworkMode: 'name-of-n1' });
    expect(body.NetworkingConfig).toEqual({
      EndpointsConfig: {
        'name-of-n1': {
          Aliases: ['alias-n1'],
          IPAMConfig: { IPv4Address: '10.5.0.2' },
          MacAddress: '02:be:0a:05:00:02',
        },
      },
    });
    expect(planFurtherNetworks(web)).toEqual([
      { step: 'connect-network', need: web.needs.networks[1], config: { Aliases: ['alias-n2'] } },
    ]);
  });

  it('is connected to all where its network mode names none of them', () => {
    const apart = on([need('n1', 2)], 'bridge');
    expect(createBody(apart, { cluster: 'c1', cpus: 1, peers: [] }).NetworkingConfig).toEqual({
      EndpointsConfig: {},
    });
    expect(planFurtherNetworks(apart)).toHaveLength(1);
  });

  it('is left alone where it is as it should be', () => {
    expect(planNetworks(web, seen(whole), own)).toEqual([]);
    expect(planNetworks(web, seen({ ...whole, bridge: {}, mine: at('1.2.3.4') }), own)).toEqual([]);
  });

  it('is connected to what it is missing on', () => {
    const steps = planNetworks(web, seen({ 'name-of-n1': at('10.5.0.2') }), own);
    expect(steps.map(({ step }) => step)).toEqual(['ensure-network', 'connect-network']);
  });

  it('is disconnected from what it is not on any more, by name or by ID', () => {
    const more = { ...whole, 'name-of-n3': {}, renamed: { NetworkID: 'engine-n3' } };
    expect(planNetworks(web, seen(more), own)).toEqual([
      { step: 'disconnect-network', name: 'name-of-n3' },
      { step: 'disconnect-network', name: 'renamed' },
    ]);
  });

  it('is connected anew under another address', () => {
    const steps = planNetworks(web, seen({ ...whole, 'name-of-n2': at('10.5.0.9') }), own);
    expect(steps.map(({ step }) => step)).toEqual([
      'disconnect-network',
      'ensure-network',
      'connect-network',
    ]);
  });

  it('is left alone where it is going', () => {
    expect(planNetworks(web, seen({}, 'dead'), own)).toEqual([]);
    const gone = { ...web, desired: { ...web.desired, state: 'removed' as const } };
    expect(planNetworks(gone, seen({}), own)).toEqual([]);
  });
});
