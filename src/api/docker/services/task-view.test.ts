import { expect, it } from 'vitest';
import { readStack } from '../../../compose/index.ts';
import { serviceKey } from '../../../model/deployment.ts';
import { observedContainer, RUNNING } from '../../../model/records.fixture.ts';
import { deploy } from '../../services/deploy.ts';
import { startEndpoint } from '../testing/endpoint.ts';
import { taskCounts } from './task-view.ts';

const TEXT = 'services: {job: {image: job:1, labels: {berth.cron: "* * * * *"}}}\n';

it('counts the runs of a job with times that are under way, and not those that are kept', async () => {
  const { cluster, close } = await startEndpoint('a');
  const read = (path: string) => (path === '/shop/compose.yml' ? TEXT : undefined);
  const { stack } = readStack({ files: ['/shop/compose.yml'], folder: '/shop', read, env: {} });
  const ended = (exitCode: number) => ({ ...RUNNING, status: 'exited' as const, exitCode });
  await cluster.store.update((tx) => {
    deploy(tx, cluster.deps.vault, stack, { by: 'root', at: 1 });
    for (const [i, state] of [ended(0), ended(4), RUNNING].entries()) {
      const index = i + 1;
      const id = `run-${index}`;
      tx.put('containers', {
        ...{ kind: 'container', id, name: `shop_job_${index}`, createdAt: 1, createdBy: 'root' },
        ...{ apiVersion: '1.41', assigned: { hostId: 'h-a', at: 1 } },
        desired: { generation: 1, state: 'running', spec: { Image: 'job:1' }, starts: 1 },
        service: { stack: 'shop', name: 'job', index, release: 1 },
      });
      tx.put('observedContainers', observedContainer('h-a', `e-${index}`, { clusterId: id, state }));
    }
  });
  const counts = cluster.store.view((tx) => {
    const record = tx.get('services', serviceKey('shop', 'job'));
    return record === undefined ? undefined : taskCounts(tx, record);
  });
  expect(counts).toEqual({ RunningTasks: 1, DesiredTasks: 1, CompletedTasks: 0 });
  await close();
});
