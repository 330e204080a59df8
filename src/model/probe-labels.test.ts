import { describe, expect, it } from 'vitest';
import { probesOfLabels } from './probe-labels.ts';

const problem = (labels: Record<string, string>) => probesOfLabels(labels).problem;

describe('probes of labels', () => {
  it('are none without them', () => {
    expect(probesOfLabels({})).toEqual({ probes: undefined, problem: undefined });
    expect(probesOfLabels({ 'berth.probe.timeout_seconds': '3', other: 'x' }).probes).toBeUndefined();
  });

  it('have Aliyun’s defaults, and are read under both names', () => {
    expect(probesOfLabels({ 'aliyun.probe.url': 'http://container:8080/ok' }).probes).toEqual({
      readiness: {
        kind: 'probe',
        check: { kind: 'http', scheme: 'http', port: 8080, path: '/ok' },
        ...{ intervalMs: 2000, timeoutMs: 2000, startPeriodMs: 0, successes: 1, failures: 3 },
      },
    });
    const labels = {
      'berth.liveness.cmd': 'test -e /alive',
      'berth.liveness.interval_seconds': '0.5',
      'berth.liveness.timeout_seconds': '1.5',
      'berth.liveness.initial_delay_seconds': '30',
      'berth.liveness.unhealthy_threshold': '2',
      'berth.liveness.healthy_threshold': '4',
    };
    expect(probesOfLabels(labels).probes).toEqual({
      liveness: {
        kind: 'probe',
        check: { kind: 'exec', argv: ['/bin/sh', '-c', 'test -e /alive'] },
        ...{ intervalMs: 500, timeoutMs: 1500, startPeriodMs: 30_000, successes: 4, failures: 2 },
      },
    });
  });

  it.each([
    [
      { 'berth.probe.url': 'http://other:80/' },
      'label berth.probe.url "http://other:80/" has the host "other"',
    ],
    [{ 'aliyun.probe.url': 'tcp://container' }, 'label aliyun.probe.url "tcp://container" is no probe'],
    [{ 'berth.probe.url': 'tcp://container:70000' }, 'has the port 70000: ports are 1 to 65535'],
    [{ 'berth.probe.url': 'http://container/a\r\nb' }, 'is no probe'],
    [{ 'berth.probe.cmd': ' ' }, 'label berth.probe.cmd is no command'],
    [
      { 'berth.probe.cmd': 'true', 'aliyun.probe.url': 'tcp://container:1' },
      'label berth.probe.cmd stands beside probe.url',
    ],
    [
      { 'berth.probe.cmd': 'true', 'berth.probe.timeout_seconds': '0' },
      'label berth.probe.timeout_seconds is "0", and must be a number from 0.1 to 86400',
    ],
    [
      { 'berth.probe.cmd': 'true', 'berth.probe.unhealthy_threshold': '1.5' },
      'must be a whole number from 1 to 100',
    ],
    [{ 'berth.probe.timeout_seconds': '1e3' }, 'must be a number'],
    [{ 'berth.probe.cmd': 'true', 'aliyun.probe.cmd': 'false' }, 'both mean the same, remove one'],
    [{ 'berth.probe.interval': '5' }, 'label "berth.probe.interval" is none: there are url, cmd'],
  ])('refuse %j', (labels, said) => {
    expect(problem(labels)).toContain(said);
    expect(probesOfLabels(labels).probes).toBeUndefined();
  });
});
