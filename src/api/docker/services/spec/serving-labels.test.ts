import { expect, it } from 'vitest';
import { readStack } from '../../../../compose/index.ts';
import { IMAGE_PROBE } from './container-parts.ts';
import { blankService } from './service-spec.ts';
import { withServing } from './serving-labels.ts';

type Labels = Readonly<Record<string, string>>;

const BLANK = blankService('shop', 'web', 'shop_web');
const labelled = (own: Labels, deployed: Labels = {}, base = BLANK) => {
  const container = { ...base.container, Labels: { ...BLANK.container.Labels, ...own } };
  return withServing({ ...base, container, labels: deployed }, base);
};

const OWN = { 'berth.routing.port_80': 'www.x.com/a;shop', 'berth.probe.url': 'http://container:80/ok' };
const DEPLOYED = { 'berth.routing.request_headers': 'X-A: 1', 'berth.liveness.cmd': 'true', team: 'a' };

it('labels of a service of Docker’s endpoint mean what berth deploy reads in them', () => {
  const services = { web: { image: 'x', labels: OWN, deploy: { labels: DEPLOYED } } };
  const files = { '/p/c.yml': JSON.stringify({ services }) };
  const { stack } = readStack({
    ...{ files: ['/p/c.yml'], folder: '/p', name: 'shop', env: {} },
    read: (path) => files[path as keyof typeof files],
  });
  const [{ routes, readiness, liveness, weight } = BLANK] = stack.services;
  expect(routes).toHaveLength(2);
  const made = labelled(OWN, DEPLOYED);
  expect(made.service).toMatchObject({ routes, readiness, liveness, weight });
  expect(made.warnings).toEqual([]);
});

it('labels that are as before change nothing, and those that are gone mean nothing any more', () => {
  const { service } = labelled(OWN, DEPLOYED);
  const kept = { ...service, routes: service.routes.slice(1) };
  expect(labelled(OWN, { ...DEPLOYED, team: 'b' }, kept).service.routes).toEqual(kept.routes);
  const gone = labelled({}, {}, service).service;
  expect(gone).toMatchObject({ routes: [], readiness: IMAGE_PROBE, liveness: undefined });
  const off = { ...BLANK, container: { ...BLANK.container, Healthcheck: { Test: ['NONE'] } } };
  expect(labelled({ 'berth.failover': 'false' }, {}, off).service.readiness).toBeUndefined();
});

it('labels that are kept and nothing more are told', () => {
  const own = { 'berth.scale': '3', 'berth.failover': 'false', 'berth.routing.port_80': 'shop.local' };
  const { service, warnings } = labelled(own, { 'aliyun.depends': 'db', 'berth.restart': 'no' });
  expect(service.routes).toEqual([]);
  expect(warnings.map((text) => text.split(': ')[0]).sort()).toEqual([
    'deploy.labels["aliyun.depends"]',
    'deploy.labels["berth.restart"]',
    'labels["berth.routing.port_80"]',
    'labels["berth.scale"]',
  ]);
});

it.each([
  [{ 'berth.routing.port_80': 'a b' }, 'labels["berth.routing.port_80"]: '],
  [{ 'berth.scal': '2' }, 'did you mean berth.scale?'],
  [{ 'berth.probe.url': 'ftp://x' }, 'labels["berth.probe.url"]: '],
])('%j is refused, as in a compose file', (labels, words) => {
  expect(() => labelled(labels)).toThrow(words);
});
