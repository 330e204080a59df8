import { expect, it } from 'vitest';
import { engineContract } from '../contract.suite.ts';
import { newSimulatedEngine } from './engine.ts';

engineContract('simulated', async () => newSimulatedEngine());

it('refuses a host port that a running container holds', async () => {
  const engine = newSimulatedEngine();
  const spec = { Image: 'busybox', HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } };
  await engine.json('POST', '/containers/create?name=a', spec);
  await engine.json('POST', '/containers/create?name=b', spec);
  await engine.json('POST', '/containers/a/start');
  await expect(engine.json('POST', '/containers/b/start')).rejects.toMatchObject({
    status: 500,
    message: expect.stringContaining('port is already allocated'),
  });
});

it('does not answer while it is not running', async () => {
  const engine = newSimulatedEngine();
  engine.setRunning(false);
  await expect(engine.json('GET', '/info')).rejects.toMatchObject({ code: 'host_down', retryable: true });
  engine.setRunning(true);
  await expect(engine.json('GET', '/info')).resolves.toBeDefined();
});
