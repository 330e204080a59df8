import { describe, expect, it } from 'vitest';
import type { DockerSpec } from './container.ts';
import { type RestartPolicy, restartLabelProblem, restartPolicyOf } from './restart-policy.ts';

const spec = (label: string | undefined, HostConfig: DockerSpec['HostConfig'] = {}): DockerSpec => ({
  Image: 'busybox',
  Labels: label === undefined ? {} : { 'berth.restart': label },
  HostConfig,
});
const docker = (Name: string, MaximumRetryCount = 0) => ({ RestartPolicy: { Name, MaximumRetryCount } });
const agent = (name: RestartPolicy['name'], most = Infinity) => ({ by: 'agent', name, most });
const engine = (name: RestartPolicy['name'], most = Infinity) => ({ by: 'engine', name, most });

describe('the policy of a spec', () => {
  it.each([
    ['none', spec(undefined), undefined],
    ["Docker's default", spec(undefined, docker('no')), undefined],
    ["Docker's always", spec(undefined, docker('always')), engine('always')],
    ["Docker's on-failure:3", spec(undefined, docker('on-failure', 3)), engine('on-failure', 3)],
    ['the label', spec('always'), agent('always')],
    ["the label beside Docker's default", spec('unless-stopped', docker('no')), agent('unless-stopped')],
    ['the label with a count', spec('on-failure:5', docker('')), agent('on-failure', 5)],
    ['the label without a count', spec('on-failure'), agent('on-failure')],
    ['both: the engine alone', spec('always', docker('on-failure')), engine('on-failure')],
    ['--rm', spec('always', { AutoRemove: true }), undefined],
    ['label no', spec('no'), undefined],
  ] as const)('%s', (_, given, expected) => {
    expect(restartPolicyOf(given)).toEqual(expected);
    expect(restartLabelProblem(given) === undefined).toBe(given.HostConfig?.AutoRemove !== true);
  });

  it.each([
    '',
    'sometimes',
    'always:3',
    'on-failure:',
    'on-failure:0',
    'on-failure:-1',
    'on-failure:x',
    'Always',
  ])('refuses "%s"', (label) => {
    expect(restartPolicyOf(spec(label))).toBeUndefined();
    expect(restartLabelProblem(spec(label))).toContain(`berth.restart=${label}: write always`);
  });
});
