import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import type { AgentOptions, DownOptions, LocalCommands, LocalReport, UpOptions, UpResult } from '../local.ts';
import { run, tempDir } from '../testing/run.ts';

const result: UpResult = {
  endpoint: 'unix:///run/berth/docker.sock',
  dockerTls: 'tcp://10.0.0.1:2376',
  api: 'https://10.0.0.1:8443',
  agentAddress: '10.0.0.1:8444',
  dataDir: '/var/lib/berth',
  pid: 7,
  adminPassword: 'first-password',
};

function recording() {
  const given: { up?: UpOptions; down?: DownOptions; agent?: AgentOptions } = {};
  const local: Partial<LocalCommands> = {
    up: async (options, report) => {
      given.up = options;
      report.step('starting the manager');
      report.warn('swap is off');
      report.ready(result);
    },
    down: async (options, report) => {
      given.down = options;
      report.ready({ stopped: true, removed: options.purge ? ['container web on h1'] : [] });
    },
    agent: async (options, report) => {
      given.agent = options;
      report.ready({
        hostId: 'x',
        hostName: 'h2',
        manager: '10.0.0.1:8444',
        dataDir: options.dataDir,
        pid: 8,
      });
    },
  };
  return { given, local };
}

describe('up', () => {
  it('hands over every flag, read', async () => {
    const { given, local } = recording();
    const { code } = await run(
      [
        ...['up', '--demo', '--name', 'h1', '--label', 'rack=r1', '-l', 'zone=a', '--socket', '/run/x.sock'],
        ...['--socket-group', 'docker', '--docker-listen', '127.0.0.1:2377', '--api-listen', '[::]:9443'],
        ...['--agent-listen', ':9444', '--advertise', 'berth.example', '--engine', 'unix:///run/e.sock'],
        ...[
          '--vlan-uplink',
          'bond0',
          '--metrics-listen',
          'off',
          '--no-agent',
          '--no-install',
          '--service',
          '--foreground',
          '--data-dir',
          'data',
        ],
      ],
      { local, cwd: '/srv' },
    );
    expect(code).toBe(0);
    expect(given.up).toEqual({
      demo: true,
      dataDir: '/srv/data',
      name: 'h1',
      labels: { rack: 'r1', zone: 'a' },
      socket: '/run/x.sock',
      socketGroup: 'docker',
      dockerListen: { host: '127.0.0.1', port: 2377 },
      apiListen: { host: '::', port: 9443 },
      agentListen: { host: '0.0.0.0', port: 9444 },
      advertise: 'berth.example',
      engine: 'unix:///run/e.sock',
      vlanUplink: 'bond0',
      metricsListen: 'off',
      agent: false,
      install: false,
      forgetSecrets: false,
      service: true,
      foreground: true,
    });
  });

  it('leaves out what was not given', async () => {
    const { given, local } = recording();
    await run(['up'], { local });
    expect(given.up).toMatchObject({
      dataDir: '/var/lib/berth',
      demo: false,
      labels: {},
      agent: true,
      install: true,
      forgetSecrets: false,
      foreground: false,
      apiListen: undefined,
      name: undefined,
    });
  });

  it('prints what came of it, the rest beside', async () => {
    const { local } = recording();
    const { stdout, stderr } = await run(['up'], { local });
    expect(stdout).toContain('Docker endpoint: unix:///run/berth/docker.sock\n');
    expect(stdout).toContain(`dashboard, API:  ${result.api}\n`);
    expect(stdout).toContain('First password of the user admin, shown this once: first-password\n');
    expect(stdout).toContain('  docker -H unix:///run/berth/docker.sock ps\n');
    expect(stderr).toBe('starting the manager\nwarning: swap is off\n');
    const { stdout: text } = await run(['up', '--json'], { local });
    expect(JSON.parse(text)).toEqual(result);
  });

  it('prints commands that can be typed as they are', async () => {
    const local = (more: Partial<UpResult>) => ({
      up: async (_: UpOptions, { ready }: LocalReport<UpResult>) => ready({ ...result, ...more }),
    });
    const tried = (stdout: string) => stdout.match(/^ {2}.*$/gm);
    const sample = { demoUrl: 'http://10.0.0.1:32768/', dockerContext: 'berth' };
    const demo = await run(['up', '--demo'], { local: local(sample), env: { BERTH_PROGRAM: './berth' } });
    expect(tried(demo.stdout)).toEqual([
      '  docker --context berth ps',
      '  docker --context berth run --rm berth-hello echo it runs',
      '  ./berth token create',
    ]);
    const plain = await run(['up', '--data-dir', '/srv/b'], { local: local({ dataDir: '/srv/b' }) });
    expect(tried(plain.stdout)).toEqual([
      '  docker -H unix:///run/berth/docker.sock ps',
      '  docker -H unix:///run/berth/docker.sock run --rm busybox echo it runs',
      '  berth token create --data-dir /srv/b',
    ]);
  });

  it('tells why it could not start', async () => {
    const { code, stderr } = await run(['up'], {
      local: {
        up: () =>
          Promise.reject(
            new BerthError('conflict', 'port 8443 is taken by nginx (pid 9)', { hint: 'take another' }),
          ),
      },
    });
    expect([code, stderr]).toEqual([4, 'berth: port 8443 is taken by nginx (pid 9) → take another\n']);
  });

  it('ends with Ctrl-C, but in the foreground only when the daemon does', async () => {
    let stop = new AbortController();
    let ended: () => void = () => undefined;
    const local = {
      up: async () => {
        setTimeout(() => stop.abort(), 20);
        await new Promise<void>((resolve) => {
          ended = resolve;
        });
      },
    };
    expect(await run(['up'], { local, signal: stop.signal })).toEqual({ code: 130, stdout: '', stderr: '' });
    let over = false;
    stop = new AbortController();
    const foreground = run(['up', '--foreground'], { local, signal: stop.signal }).finally(() => {
      over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([stop.signal.aborted, over]).toEqual([true, false]);
    ended();
    expect(await foreground).toMatchObject({ code: 0 });
  });

  it.each([
    ['--name', 'a_b'],
    ['--advertise', '10.0.0.1:80'],
    ['--engine', '/var/run/docker.sock'],
    ['--socket', 'x.sock'],
    ['--agent-listen', '8444'],
    ['--docker-listen', '300.0.0.1:80'],
  ])('refuses %s %s', async (flag, value) => {
    const { code, stderr } = await run(['up', flag, value]);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^berth: ${flag}: .+ → .+\n$`));
  });
});

describe('down', () => {
  it('stops without a question', async () => {
    const { given, local } = recording();
    expect(await run(['down'], { local })).toMatchObject({
      code: 0,
      stdout: 'stopped; containers run on ("berth up" goes on from here)\n',
    });
    expect(given.down).toEqual({ dataDir: '/var/lib/berth', purge: false });
  });

  it('purges only after a yes', async () => {
    const { given, local } = recording();
    const dataDir = tempDir();
    expect(await run(['down', '--purge'], { local })).toMatchObject({ code: 2 });
    expect(given.down).toBeUndefined();
    const { stdout } = await run(['down', '--purge', '--data-dir', dataDir], {
      local,
      isTTY: { stdin: true },
      input: 'yes\n',
    });
    expect(stdout).toBe('removed container web on h1\nstopped\n');
    expect(given.down).toEqual({ dataDir, purge: true });
  });
});

describe('agent', () => {
  const token = `berth1-ab12-S3cret-${'0a'.repeat(32)}`;

  it('joins, with the port of the API unless told', async () => {
    const { given, local } = recording();
    const argv = [
      'agent',
      '--join',
      token,
      '--manager',
      'https://m.example',
      '--label',
      'rack=r2',
      '--data-addr',
      '::1',
      '--vlan-uplink',
      'eth1',
      '--metrics-listen',
      '127.0.0.1:9464',
    ];
    expect(await run(argv, { local })).toMatchObject({
      code: 0,
      stdout: 'host h2 (x) is joined to 10.0.0.1:8444\n',
    });
    expect(given.agent).toEqual({
      join: token,
      manager: { host: 'm.example', port: 8443 },
      dataDir: '/var/lib/berth-agent',
      name: undefined,
      labels: { rack: 'r2' },
      engine: undefined,
      dataAddr: '::1',
      vlanUplink: 'eth1',
      metricsListen: { host: '127.0.0.1', port: 9464 },
      foreground: false,
      service: false,
    });
  });

  it('takes the token from standard input, out of sight of ps', async () => {
    const { given, local } = recording();
    await run(['agent', '--join', '-', '--manager', 'm:1'], { local, input: `${token}\n` });
    expect(given.agent?.join).toBe(token);
  });

  it('starts again with what it has', async () => {
    const { given, local } = recording();
    const dataDir = join(tempDir(), 'new');
    await run(['agent'], { local, env: { BERTH_DATA_DIR: dataDir } });
    expect(given.agent).toMatchObject({ join: undefined, manager: undefined, dataDir });
  });

  it('wants to know where the manager is', async () => {
    const { code, stderr } = await run(['agent', '--join', token]);
    expect(code).toBe(2);
    expect(stderr).toContain('add --manager HOST:8443');
    expect(stderr).not.toContain('S3cret');
  });
});
