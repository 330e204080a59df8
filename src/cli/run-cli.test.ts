import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Node } from '../contract/v1/nodes.ts';
import { BerthError, ERROR_CODES, type ErrorCode } from '../kit/errors.ts';
import { runCli } from './run-cli.ts';
import { widthOf } from './terminal/text.ts';
import { run, tempDir, withManager } from './testing/run.ts';

const node: Node = {
  id: 'h1id',
  name: 'h1',
  labels: { rack: 'r1' },
  cordoned: false,
  state: 'ready',
  reason: '',
  address: '10.0.0.1:40000',
  dataAddress: '10.0.0.1',
  agentVersion: '0.1.0',
  joinedAt: 1,
  lastHeardAt: 2,
  containers: { managed: 2, unmanaged: 1, running: 2 },
  reserved: { cpuMilli: 1500, memory: 1024 ** 3 },
};

describe('usage', () => {
  it('shows help without a command, on standard output', async () => {
    const { code, stdout, stderr } = await run([]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('berth up --demo');
    for (const word of ['up', 'down', 'agent', 'node', 'plan', 'completion']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${word}\\b`, 'm'));
    }
    expect(stdout).toMatch(/^ {2}5 {4}no room/m);
  });

  it.each([
    [['node', 'rm', '--help'], 'Usage: berth node rm'],
    [['help', 'node', 'rm'], 'Usage: berth node rm'],
    [['help', 'node'], 'Usage: berth node'],
    [['--version'], 'berth 9.9.9'],
  ])('%j is no error', async (argv, beginning) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.startsWith(beginning)).toBe(true);
  });

  it.each([
    [['nod', 'ls'], /^berth: unknown command 'nod' → did you mean node\?/],
    [['node', 'lss'], /^berth: unknown command 'lss' → did you mean ls\?/],
    [['zzzzzz'], /^berth: unknown command 'zzzzzz' → see "berth --help"$/],
    [['up', '--nam', 'x'], /^berth: unknown option '--nam' → did you mean --name\?/],
    [['node', 'rm'], /^berth: missing required argument 'NODE' → see "berth node rm --help"$/],
    [['node', 'ls', 'x'], /^berth: too many arguments/],
    [['user', 'create', 'a', '--role', 'king'], /^berth: .*king.*viewer, operator, admin → /],
    [['help', 'node', 'xx'], /^berth: there is no command "berth node xx" → /],
    [['up', '--api-listen', '1.2.3.4:70000'], /^berth: --api-listen: "70000" is not a port → /],
    [['up', '--label', 'rack'], /^berth: --label: "rack" is not a label → write it as key=value$/],
    [['up', '--data-dir', '/etc/passwd'], /^berth: --data-dir: "\/etc\/passwd" is not a folder → /],
    [['agent', '--join', 'berth1-x'], /^berth: --join: that is not a whole join token/],
  ])('%j is told in one line, with exit code 2', async (argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('never repeats a join token that is wrong', async () => {
    const { stderr } = await run(['agent', '--join', 'berth1-id-SECRET-zz', '--verbose']);
    expect(stderr).not.toContain('SECRET');
  });

  it('asks for a command after a word that has several, and lists them', async () => {
    const { code, stderr } = await run(['node']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^ {2}cordon /m);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(
      'berth: "berth node" needs a command → take one of the above',
    );
  });

  it('takes global flags at every place', async () => {
    const { berth } = await withManager({ 'node.list': () => ({ nodes: [node] }) });
    for (const argv of [
      ['--json', 'node', 'ls'],
      ['node', '--json', 'ls'],
      ['node', 'ls', '--json'],
    ]) {
      expect(JSON.parse((await berth(argv)).stdout)).toEqual([node]);
    }
  });
});

describe('errors of the manager', () => {
  const expected: Record<ErrorCode, number> = {
    bad_request: 2,
    unauthenticated: 7,
    forbidden: 7,
    not_found: 3,
    conflict: 4,
    too_large: 1,
    too_many_requests: 1,
    no_room: 5,
    host_down: 1,
    timeout: 1,
    unsupported: 1,
    engine: 1,
    unavailable: 6,
    internal: 1,
  };
  it.each(ERROR_CODES)('%s has its exit code, and comes out on one line', async (errorCode) => {
    const { berth } = await withManager({
      'cluster.status': () => {
        throw new BerthError(errorCode, 'what\nwas wrong', { hint: 'what to do' });
      },
    });
    const { code, stdout, stderr } = await berth(['status']);
    expect([code, stdout, stderr]).toEqual([
      expected[errorCode],
      '',
      'berth: what\\x0awas wrong → what to do\n',
    ]);
  });

  it('has exit code 6 where nobody listens', async () => {
    const { code, stderr } = await run(['status'], { env: { BERTH_DATA_DIR: tempDir() } });
    expect(code).toBe(6);
    expect(stderr).toMatch(/^berth: cannot reach the manager at .*api\.sock.* → is the manager running/);
  });

  it('has exit code 7 where one is not logged in', async () => {
    const { code, stderr } = await run(['status', '--host', 'https://h:1']);
    expect([code, stderr]).toEqual([
      7,
      'berth: not logged in to https://h:1 → run "berth login https://h:1"\n',
    ]);
  });

  it('ends a call with Ctrl-C, without a word', async () => {
    const stop = new AbortController();
    const { berth } = await withManager({
      'cluster.status': () => {
        stop.abort(new Error('interrupted'));
        return new Promise<never>(() => undefined) as never;
      },
    });
    expect(await berth(['status'], { signal: stop.signal })).toEqual({ code: 130, stdout: '', stderr: '' });
  });

  it('shows cause and stack with --verbose only', async () => {
    const dataDir = tempDir();
    const quiet = await run(['status', '--data-dir', dataDir]);
    expect(quiet.stderr.trimEnd().split('\n')).toHaveLength(1);
    const { stderr } = await run(['status', '--data-dir', dataDir, '--verbose']);
    expect(stderr).toMatch(/^ {4}at .*client\.ts/m);
    expect(stderr).toMatch(/^caused by Error: connect ENOENT/m);
  });

  it('tells what nobody thought of as a fault of the program', async () => {
    const { code, stderr } = await run(['down'], {
      local: { down: () => Promise.reject(new TypeError('x is y')) },
    });
    expect([code, stderr]).toEqual([
      1,
      'berth: unexpected: x is y → run it again with --verbose to see more, and report it\n',
    ]);
  });
});

describe('output', () => {
  const nodes = [node, { ...node, id: 'h2id', name: 'evil\x1b[2J', labels: { note: 'x'.repeat(200) } }];

  it('fits a table to the terminal, and obeys no name', async () => {
    const { berth } = await withManager({ 'node.list': () => ({ nodes }) });
    const { stdout } = await berth(['node', 'ls'], {
      isTTY: { stdout: true },
      columns: 100,
      env: { NO_COLOR: '1' },
    });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^NAME +STATE +ADDRESS +CONTAINERS/);
    expect(lines[2]).toMatch(/^evil\\x1b\[2J +ready .*…$/);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(100);
    expect(stdout).not.toContain('\x1b');
  });

  it('is plain and whole where it is piped', async () => {
    const { berth } = await withManager({ 'node.list': () => ({ nodes }) });
    const { stdout } = await berth(['node', 'ls'], { columns: 40 });
    expect(stdout).toContain(`note=${'x'.repeat(200)}`);
    expect(stdout).not.toContain('\x1b');
  });

  it.each([
    [{}, [], true],
    [{ NO_COLOR: '1' }, [], false],
    [{ NO_COLOR: '' }, [], true],
    [{ TERM: 'dumb' }, [], false],
    [{}, ['--no-color'], false],
  ])('colours on a terminal with %j %j: %s', async (env, flags, colours) => {
    const { berth } = await withManager({ 'node.list': () => ({ nodes: [node] }) });
    const { stdout } = await berth(['node', 'ls', ...flags], { isTTY: { stdout: true }, env });
    expect(stdout.includes('\x1b[32mready')).toBe(colours);
  });

  it('gives IDs alone with --quiet, also as JSON', async () => {
    const { berth } = await withManager({ 'node.list': () => ({ nodes }) });
    expect((await berth(['node', 'ls', '-q'])).stdout).toBe('h1id\nh2id\n');
    expect((await berth(['node', 'ls', '-q', '--json'])).stdout).toBe('["h1id","h2id"]\n');
  });

  it('says what to do where a list is empty, and prints no table', async () => {
    const { berth } = await withManager({ 'node.list': () => ({ nodes: [] }) });
    const { stdout, stderr } = await berth(['node', 'ls']);
    expect(stdout).toBe('');
    expect(stderr).toContain('berth token create');
    expect((await berth(['node', 'ls', '--json'])).stdout).toBe('[]\n');
  });

  it('ends quietly when the reader of the pipe has left', async () => {
    const { dataDir } = await withManager({ 'node.list': () => ({ nodes }) });
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const stderr = new PassThrough();
    const code = await runCli({
      argv: ['node', 'ls'],
      env: { BERTH_DATA_DIR: dataDir },
      stdin: new PassThrough(),
      stdout,
      stderr,
      isTTY: { stdin: false, stdout: false, stderr: false },
      cwd: '/',
      homeDir: '/nonexistent',
      version: '1',
      local: {
        up: () => Promise.reject(new Error('not expected')),
        down: () => Promise.reject(new Error('not expected')),
        agent: () => Promise.reject(new Error('not expected')),
        dockerEndpoint: () => undefined,
      },
    });
    expect(code).toBe(0);
    expect(stderr.read()).toBeNull();
  });
});
