import { describe, expect, it } from 'vitest';
import type { DockerSpec } from './container.ts';
import { type RestartPolicy, restartLabelProblem, restartPolicyOf, staysEnded } from './restart-policy.ts';

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

  it('may be no beside --rm', () => {
    expect(restartLabelProblem(spec('no', { AutoRemove: true }))).toBeUndefined();
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

it.each([
  ['nobody', spec(undefined), [true, true]],
  ['always', spec('always'), [false, false]],
  ['unless-stopped', spec(undefined, docker('unless-stopped')), [false, false]],
  ['after a failure', spec('on-failure'), [true, false]],
])('what has ended with 0 or 1 stays so where it is started again by: %s', (_, given, stays) => {
  expect([staysEnded(given, 0), staysEnded(given, 1)]).toEqual(stays);
});
