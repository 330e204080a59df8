import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stackSchema } from '../model/stack.ts';
import { configText } from './config-text.ts';
import { read, serviceIn, warningsOf } from './testing.ts';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
const aliyun = fixture('seed-002.yml');
const mesos = fixture('seed-004.yml');

it("reads Aliyun's template as printed (seed 002): global before scale, minimum before scale, a listener in place of a host port", () => {
  const result = read(aliyun);
  expect(stackSchema.parse(result.stack)).toEqual(result.stack);
  const websocket = serviceIn(result, 'websocket');
  expect(websocket.scale).toEqual({ kind: 'global' });
  expect(websocket.container.HostConfig?.PortBindings).toBeUndefined();
  expect(websocket.listeners).toEqual([
    { kind: 'listener', protocol: 'tcp', frontPort: 5000, port: 5000, balancer: 'lb-2ze0e2wlvf9l1hfv9m1lv' },
  ]);
  expect(websocket.container.HostConfig?.Binds).toEqual(['/etc/localtime:/etc/localtime:ro']);
  const celery = serviceIn(result, 'celery');
  expect(celery.scale).toEqual({ kind: 'replicated', replicas: 2 });
  expect(celery.scaling).toMatchObject({
    min: 2,
    max: 10,
    step: 1,
    rules: [{ metric: 'cpu', above: 70, below: 30 }],
  });
  expect(celery.container.HostConfig?.CpuShares).toBe(1);
  expect(celery.naming).toEqual({ kind: 'indexed', prefix: 'shop_celery_' });
  expect(celery.container.Cmd).toEqual(['celery', '-A', 'app', 'worker', '--loglevel=info']);
  const warnings = warningsOf(aliyun);
  expect(warnings.map((text) => text.split(': ').slice(0, 2).join(': '))).toEqual([
    'compose.yml:9:5: services.websocket.labels["aliyun.scale"]',
    'compose.yml:28:5: services.celery.labels["aliyun.scale"]',
    'compose.yml:7:7: services.websocket.ports[0]',
    'compose.yml:26:3: services.celery.cpu_shares',
  ]);
});

it('reads the file of seed 004 as printed: full-width comment signs, every expression kept', () => {
  const result = read(mesos);
  expect(stackSchema.parse(result.stack)).toEqual(result.stack);
  expect(serviceIn(result, 'mesosmaster').naming).toEqual({ kind: 'fixed', name: 'mesosmaster' });
  expect(serviceIn(result, 'mesosslave').container.Env).toEqual([
    'MESOS_MASTER=zk://zookeeper:2181/mesos',
    'MESOS_LOG_DIR=/var/log/mesos',
    'MESOS_LOGGING_LEVEL=INFO',
    'affinity:container!=*zookeeper*',
    'affinity:container!=*mesosslave*',
  ]);
  expect(serviceIn(result, 'marathon').container.HostConfig?.PortBindings).toEqual({
    '8080/tcp': [{ HostIp: '', HostPort: '8080' }],
  });
  expect(warningsOf(mesos)).toEqual([
    'compose.yml:13:43: comments begin with a full-width ＃: they are read as #, write # instead',
  ]);
});

it.each([aliyun, mesos])('prints a file that reads as the same stack', (text) => {
  const first = read(text);
  expect(read(configText(first.config, 'yaml')).stack).toEqual(first.stack);
  expect(read(configText(first.config, 'json')).stack).toEqual(first.stack);
});
