import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { FOREVER, TALKER } from '../bench.ts';
import type { CaseGroup } from '../case.ts';
import { program } from '../program.ts';

/** Says the size of its terminal once that is the client's, which tells it behind the start: until then there is none. */
const SIZED =
  'for i in $(seq 100); do test "$(stty size 2>/dev/null)" = "30 90" && break; sleep 0.1; done; stty size';

/** Containers: making them, their life, and what is seen of them. */
export const CONTAINER_CASES: CaseGroup = {
  title: 'Containers',
  cases: [
    {
      command: 'docker run',
      async run(bench) {
        const args = [
          'run',
          '--name',
          bench.name('container'),
          'busybox',
          'sh',
          '-c',
          'echo o; echo e >&2; exit 7',
        ];
        expect(await bench.try(args)).toMatchObject({
          code: 7,
          stdout: 'o\n',
          stderr: expect.stringContaining('e\n'),
        });
      },
    },
    {
      command: 'docker run -d',
      async run(bench) {
        const name = bench.name('container');
        const id = await bench.run(['run', '-d', '--name', name, 'busybox', ...FOREVER]);
        expect(id).toMatch(/^[0-9a-f]{64}$/);
        expect(await bench.inspect(name, '{{.Id}} {{.State.Running}}')).toBe(`${id} true`);
      },
    },
    {
      command: 'docker run -i',
      async run(bench) {
        const input = 'line\n'.repeat(20_000);
        expect(await bench.run(['run', '--rm', '-i', 'busybox', 'cat'], { input })).toBe(input.slice(0, -1));
      },
    },
    {
      command: 'docker run -t',
      async run(bench) {
        const look = `test -t 0 && test -t 1; echo tty=$?; ${SIZED}`;
        const { stdout, code } = await bench.terminal(['run', '--rm', '-it', 'busybox', 'sh', '-c', look])
          .ended;
        expect(stdout.replaceAll('\r', '')).toContain('tty=0\n30 90');
        expect(code).toBe(0);
      },
    },
    {
      command: 'docker run --rm',
      async run(bench) {
        const name = bench.name('container');
        await bench.run(['run', '--rm', '--name', name, 'busybox', 'true']);
        const again = await bench.run(['run', '--rm', '--name', name, 'busybox', 'echo', 'again']);
        expect(again).toBe('again');
        expect((await bench.try(['inspect', name])).stderr).toMatch(/no such object/i);
      },
    },
    {
      command: 'docker run (no such image)',
      async run(bench) {
        const image = `${bench.registry.address}/none:1`;
        const { code, stderr } = await bench.try(['run', '--rm', image]);
        expect(code).toBe(125);
        expect(stderr).toMatch(/Unable to find image/);
        expect(stderr).toMatch(/manifest.*unknown|not found/);
      },
    },
    {
      command: 'docker run (command not found)',
      async run(bench) {
        const { code, stderr } = await bench.try([
          'run',
          '--name',
          bench.name('container'),
          'busybox',
          'no-such',
        ]);
        expect(code).toBe(127);
        expect(stderr).toContain('executable file not found in $PATH');
      },
    },
    {
      command: 'docker run -e constraint:node==NODE',
      differs:
        'an expression of classic Swarm chooses the host and is taken out of the environment; one engine would take it for a variable.',
      async run(bench) {
        for (const host of ['h1', 'h3']) {
          const name = await bench.container(['-e', `constraint:node==${host}`, '-e', 'KEPT=1']);
          expect(await bench.inspect(name, '{{.Node.Name}}')).toBe(host);
          const environment = await bench.run(['exec', name, 'env']);
          expect(environment).toContain('KEPT=1');
          expect(environment).not.toContain('constraint');
        }
      },
    },
    {
      command: 'docker create',
      async run(bench) {
        const name = bench.name('container');
        const file = join(bench.folder, `${name}.cid`);
        const id = await bench.run([
          'create',
          '--name',
          name,
          '--cidfile',
          file,
          '-l',
          'a=b',
          'busybox',
          'true',
        ]);
        expect(readFileSync(file, 'utf8')).toBe(id);
        expect(await bench.inspect(name, '{{.State.Status}} {{.Config.Labels.a}}')).toBe('created b');
        const again = await bench.try(['create', '--name', name, 'busybox']);
        expect(again.stderr).toMatch(/Conflict. The container name "\/?.*" is already in use/);
      },
    },
    {
      command: 'docker start',
      async run(bench) {
        const name = bench.name('container');
        await bench.run(['create', '--name', name, 'busybox', ...FOREVER]);
        expect(await bench.run(['start', name])).toBe(name);
        expect(await bench.inspect(name, '{{.State.Status}}')).toBe('running');
      },
    },
    {
      command: 'docker start -a -i',
      async run(bench) {
        const name = bench.name('container');
        await bench.run(['create', '-i', '--name', name, 'busybox', 'sh', '-c', 'cat; sleep 0.3; exit 3']);
        const { code, stdout } = await bench.try(['start', '-ai', name], { input: 'in\n' });
        expect([code, stdout]).toEqual([3, 'in\n']);
      },
    },
    {
      command: 'docker stop',
      async run(bench) {
        const name = await bench.container();
        // Its trap is set once it sleeps.
        await expect.poll(() => bench.run(['top', name, '-o', 'pid,args'])).toContain('sleep 0.1');
        expect(await bench.run(['stop', name])).toBe(name);
        expect(await bench.inspect(name, '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 0');
        const deaf = await bench.container([], ['sleep', '100']);
        await bench.run(['stop', '-t', '0', deaf]);
        expect(await bench.inspect(deaf, '{{.State.ExitCode}}')).toBe('137');
      },
    },
    {
      command: 'docker restart',
      async run(bench) {
        const name = await bench.container();
        const before = await bench.inspect(name, '{{.State.StartedAt}}');
        expect(await bench.run(['restart', name])).toBe(name);
        expect(await bench.inspect(name, '{{.State.Running}}')).toBe('true');
        expect(await bench.inspect(name, '{{.State.StartedAt}}')).not.toBe(before);
      },
    },
    {
      command: 'docker kill',
      async run(bench) {
        const name = await bench.container();
        expect(await bench.run(['kill', name])).toBe(name);
        expect(await bench.run(['wait', name])).toBe('137');
        expect((await bench.try(['kill', name])).stderr).toMatch(/is not running/);
      },
    },
    {
      command: 'docker kill -s',
      async run(bench) {
        const name = await bench.container(
          [],
          ['sh', '-c', 'trap "exit 5" USR1; echo ready; while :; do sleep 0.1; done'],
        );
        await bench.start(['logs', '-f', name]).waitFor('ready');
        await bench.run(['kill', '-s', 'USR1', name]);
        expect(await bench.run(['wait', name])).toBe('5');
      },
    },
    {
      command: 'docker pause, docker unpause',
      async run(bench) {
        const name = await bench.container();
        expect(await bench.run(['pause', name])).toBe(name);
        expect(await bench.inspect(name, '{{.State.Status}}')).toBe('paused');
        expect((await bench.try(['exec', name, 'true'])).stderr).toMatch(/is paused/);
        expect(await bench.run(['unpause', name])).toBe(name);
        expect(await bench.inspect(name, '{{.State.Status}}')).toBe('running');
      },
    },
    {
      command: 'docker rename',
      async run(bench) {
        const [name, other] = [await bench.container(), bench.name('container')];
        await bench.run(['rename', name, other]);
        expect(await bench.inspect(other, '{{.Name}}')).toBe(`/${other}`);
        expect((await bench.try(['inspect', name])).code).toBe(1);
        const third = await bench.container();
        expect((await bench.try(['rename', third, other])).stderr).toContain('is already in use');
      },
    },
    {
      command: 'docker update',
      async run(bench) {
        const name = await bench.container();
        await bench.run([
          'update',
          '--memory',
          '64m',
          '--memory-swap',
          '64m',
          '--restart',
          'on-failure:2',
          name,
        ]);
        const format = '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}';
        expect(await bench.inspect(name, format)).toBe('67108864 on-failure');
      },
    },
    {
      command: 'docker wait',
      async run(bench) {
        const name = await bench.container([], ['sh', '-c', 'read x; exit 4']);
        const other = await bench.container(['-i'], ['sh', '-c', 'read x; exit 6']);
        const waiting = bench.start(['wait', name, other]);
        await bench.try(['attach', other], { input: 'go\n' });
        expect((await waiting.ended).stdout).toMatch(/^\d+\n6\n$/);
      },
    },
    {
      command: 'docker rm',
      async run(bench) {
        const name = await bench.container();
        const refused = await bench.try(['rm', name]);
        expect(refused.code).toBe(1);
        expect(refused.stderr).toMatch(/running/);
        expect(await bench.run(['rm', '-f', name])).toBe(name);
        expect((await bench.try(['rm', name])).stderr).toMatch(/No such container/);
      },
    },
    {
      command: 'docker ps',
      differs:
        'names are `NODE/NAME`, and ports show the address of the host instead of 0.0.0.0, as in classic Swarm: in a cluster one wants to know which host it is.',
      async run(bench) {
        const name = await bench.container(['-p', '80', '-e', 'constraint:node==h2']);
        const row = await bench.run([
          'ps',
          '--filter',
          `name=${name}`,
          '--format',
          '{{.Names}} {{.Image}} {{.Ports}}',
        ]);
        const { address } = bench.lab.host('h2');
        expect(row).toMatch(new RegExp(`^h2/${name} busybox ${address}:\\d+->80/tcp$`));
        expect(await bench.run(['ps', '--filter', `name=${name}`])).toMatch(/Up (\d+|Less than a) seconds?/);
      },
    },
    {
      command: 'docker ps -a, -q, -n, -s, --no-trunc',
      async run(bench) {
        const name = bench.name('container');
        const id = await bench.run(['create', '--name', name, 'busybox', 'true']);
        const mine = ['--filter', `name=${name}`];
        expect(await bench.run(['ps', '-q', ...mine])).toBe('');
        expect(await bench.run(['ps', '-aq', ...mine])).toBe(id.slice(0, 12));
        expect(await bench.run(['ps', '-aq', '--no-trunc', '-n', '1'])).toBe(id);
        expect(await bench.run(['ps', '-as', ...mine, '--format', '{{.Size}}'])).toMatch(
          /^0B \(virtual 1\.\d+MB\)$/,
        );
      },
    },
    {
      command: 'docker ps --filter',
      async run(bench) {
        const network = bench.name('network');
        await bench.run(['network', 'create', network]);
        const up = await bench.container([
          '-l',
          `cf=${bench.tag}`,
          '--network',
          network,
          '-p',
          '80',
          '-v',
          '/data',
        ]);
        const done = bench.name('container');
        await bench.try(['run', '--name', done, '-l', `cf=${bench.tag}`, 'busybox', 'sh', '-c', 'exit 3']);
        const list = async (...filters: string[]) => {
          const flags = [`label=cf=${bench.tag}`, ...filters].flatMap((filter) => ['--filter', filter]);
          const names = await bench.run(['ps', '-a', ...flags, '--format', '{{.Names}}']);
          return names
            .split('\n')
            .filter(Boolean)
            .map((one) => one.replace(/^h\d\//, ''))
            .toSorted();
        };
        expect(await list()).toEqual([up, done].toSorted());
        expect(await list('status=running')).toEqual([up]);
        expect(await list('exited=3')).toEqual([done]);
        expect(await list('ancestor=busybox', `network=${network}`)).toEqual([up]);
        expect(await list('publish=80')).toEqual([up]);
        expect(await list('volume=/data')).toEqual([up]);
        expect(await list(`before=${done}`)).toEqual([up]);
        expect(await list(`since=${up}`)).toEqual([done]);
        expect(await list('health=none', 'status=exited')).toEqual([done]);
        expect((await bench.try(['ps', '--filter', 'nonsense=1'])).code).toBe(1);
      },
    },
    {
      command: 'docker ps --filter node=NODE',
      differs: 'the filter `node` is the cluster’s own, as in classic Swarm.',
      async run(bench) {
        const name = await bench.container(['-e', 'constraint:node==h2']);
        const on = (host: string) =>
          bench.run(['ps', '--filter', `name=${name}`, '--filter', `node=${host}`, '--format', '{{.Names}}']);
        expect([await on('h1'), await on('h2')]).toEqual(['', `h2/${name}`]);
      },
    },
    {
      command: 'docker inspect',
      differs: '`Node` tells the host, as in classic Swarm; everything else is as the engine has it.',
      async run(bench) {
        const name = await bench.container([
          '-e',
          'constraint:node==h3',
          '--hostname',
          'inside',
          '-l',
          'a=b',
        ]);
        const [seen] = JSON.parse(await bench.run(['inspect', name]));
        expect(seen).toMatchObject({
          Name: `/${name}`,
          Config: { Hostname: 'inside', Labels: { a: 'b' }, Image: 'busybox' },
          Node: { Name: 'h3', IP: bench.lab.host('h3').address },
        });
        expect(JSON.stringify(seen.Config)).not.toContain('berth.');
        expect(await bench.run(['inspect', '-s', '-f', '{{.SizeRootFs}}', name])).toMatch(/^\d{6,}$/);
      },
    },
    {
      command: 'docker logs',
      async run(bench) {
        const name = await bench.container([], TALKER);
        await bench.start(['logs', '-f', name]).waitFor('err2');
        // An engine may have the end of one stream before that of the other.
        const logged = async () => {
          const { stdout, stderr } = await bench.try(['logs', name]);
          return [stdout, stderr];
        };
        await expect.poll(logged).toEqual(['out1\nout2\n', 'err1\nerr2\n']);
      },
    },
    {
      command: 'docker logs --tail, -t, --since, --until',
      async run(bench) {
        const name = await bench.container([], TALKER);
        const follow = bench.start(['logs', '-f', name]);
        await follow.waitFor('err2');
        await follow.waitFor('out2');
        follow.kill();
        const { stdout, stderr } = await bench.try(['logs', '--tail', '1', '-t', name]);
        expect(stdout + stderr).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (out2|err2)\n$/);
        expect((await bench.try(['logs', '--since', '1h', name])).stdout).toBe('out1\nout2\n');
        expect((await bench.try(['logs', '--until', '1h', name])).stdout).toBe('');
      },
    },
    {
      command: 'docker logs -f',
      async run(bench) {
        const name = await bench.container(['-i'], ['sh', '-c', 'echo first; read x; echo $x']);
        const follow = bench.start(['logs', '-f', name]);
        await follow.waitFor('first');
        await bench.try(['attach', name], { input: 'second\n' });
        expect(await follow.ended).toMatchObject({ code: 0, stdout: 'first\nsecond\n' });
      },
    },
    {
      command: 'docker exec',
      async run(bench) {
        const name = await bench.container();
        const script = 'echo $A; pwd; id -un; echo e >&2; exit 9';
        const flags = ['-e', 'A=1', '-w', '/tmp', '-u', 'nobody'];
        const out = await bench.try(['exec', ...flags, name, 'sh', '-c', script]);
        expect(out).toMatchObject({ code: 9, stdout: '1\n/tmp\nnobody\n', stderr: 'e\n' });
        expect((await bench.try(['exec', name, 'no-such'])).code).toBe(126);
      },
    },
    {
      command: 'docker exec -i',
      async run(bench) {
        const name = await bench.container();
        // Only an end of input that goes all the way makes it count, and only then does the answer come.
        const counted = await bench.run(['exec', '-i', name, 'wc', '-c'], { input: 'x'.repeat(300_000) });
        expect(counted).toBe('300000');
      },
    },
    {
      command: 'docker exec -t',
      async run(bench) {
        const name = await bench.container();
        const look = `test -t 0; echo tty=$?; ${SIZED}`;
        const { stdout } = await bench.terminal(['exec', '-it', name, 'sh', '-c', look]).ended;
        expect(stdout.replaceAll('\r', '')).toContain('tty=0\n30 90');
      },
    },
    {
      command: 'docker exec -d',
      async run(bench) {
        const name = await bench.container();
        await bench.run(['exec', '-d', name, 'touch', '/tmp/made']);
        const wait = 'until test -e /tmp/made; do sleep 0.1; done';
        await bench.run(['exec', name, 'sh', '-c', wait]);
      },
    },
    {
      command: 'docker attach',
      async run(bench) {
        const script = 'read x; echo got $x; read x; exit 8';
        const name = await bench.container(['-i'], ['sh', '-c', script]);
        const attached = bench.start(['attach', name]);
        attached.write('this\n');
        await attached.waitFor('got this');
        attached.write('\n');
        expect(await attached.ended).toMatchObject({ code: 8, stdout: 'got this\n' });
      },
    },
    {
      command: 'docker attach (detach keys)',
      async run(bench) {
        const name = await bench.container(['-it'], ['sh', '-c', 'echo ready; cat']);
        const attached = bench.terminal(['attach', name]);
        attached.write('typed\r');
        // Once by the terminal here at most: the second one comes from the container.
        await attached.waitFor(/typed[\s\S]*typed/);
        for (const key of ['\x10', '\x11']) {
          attached.write(key); // one by one, as fingers do: the CLI does not look further into what comes at once
          await sleep(1_000);
        }
        expect((await attached.ended).stdout).toContain('read escape sequence');
        expect(await bench.inspect(name, '{{.State.Running}}')).toBe('true');
      },
    },
    {
      command: 'docker cp (into the container)',
      async run(bench) {
        const name = await bench.container();
        const file = bench.file('in.txt', 'inside\n');
        await bench.run(['cp', file, `${name}:/tmp/in.txt`]);
        expect(await bench.run(['exec', name, 'cat', '/tmp/in.txt'])).toBe('inside');
        const tree = join(bench.file('tree/a/b.txt', 'deep\n'), '../..');
        await bench.run(['cp', tree, `${name}:/tmp/`]);
        expect(await bench.run(['exec', name, 'cat', '/tmp/tree/a/b.txt'])).toBe('deep');
        expect((await bench.try(['cp', file, `${name}:/no/such/`])).code).toBe(1);
      },
    },
    {
      command: 'docker cp (out of the container)',
      async run(bench) {
        const name = await bench.container();
        const target = join(bench.folder, 'out');
        mkdirSync(target, { recursive: true });
        await bench.run(['cp', `${name}:/etc/hostname`, target]);
        const id = await bench.inspect(name, '{{.Id}}');
        expect(readFileSync(join(target, 'hostname'), 'utf8').trim()).toBe(id.slice(0, 12));
        expect((await bench.try(['cp', `${name}:/no/such`, target])).stderr).toMatch(
          /No such|Could not find/,
        );
      },
    },
    {
      command: 'docker diff',
      async run(bench) {
        const name = await bench.container();
        await bench.run(['exec', name, 'touch', '/tmp/new']);
        expect((await bench.run(['diff', name])).split('\n').toSorted()).toEqual(['A /tmp/new', 'C /tmp']);
      },
    },
    {
      command: 'docker top',
      async run(bench) {
        const name = await bench.container();
        const [head, ...rows] = (await bench.run(['top', name, '-o', 'pid,comm'])).split('\n');
        expect(head).toMatch(/PID\s+COMMAND/);
        expect(rows.join('\n')).toMatch(/^\d+\s+sh$/m);
      },
    },
    {
      command: 'docker stats',
      async run(bench) {
        const name = await bench.container(['-m', '64m']);
        const row = await bench.run([
          'stats',
          '--no-stream',
          '--format',
          '{{.Name}} {{.MemUsage}} {{.PIDs}}',
          name,
        ]);
        expect(row).toMatch(new RegExp(`^${name} .*/ 64MiB [12]$`));
        const live = bench.start(['stats', '--format', '{{.Name}}={{.PIDs}}', name]);
        await live.waitFor(/=[12]/);
        live.kill();
      },
    },
    {
      command: 'docker port',
      differs:
        'shows the address of the host instead of 0.0.0.0: the port is open there, not on this machine.',
      async run(bench) {
        const name = await bench.container(['-p', '80', '-e', 'constraint:node==h1']);
        const { address } = bench.lab.host('h1');
        expect(await bench.run(['port', name])).toMatch(new RegExp(`^80/tcp -> ${address}:\\d+$`));
        expect(await bench.run(['port', name, '80'])).toMatch(new RegExp(`^${address}:\\d+$`));
      },
    },
    {
      command: 'docker export',
      async run(bench) {
        const name = await bench.container();
        await bench.run(['exec', name, 'touch', '/exported']);
        const file = join(bench.folder, 'export.tar');
        await bench.run(['export', '-o', file, name]);
        expect(await program(['tar', 'tf', file])).toMatch(/^exported$/m);
      },
    },
    {
      command: 'docker commit',
      async run(bench) {
        const [name, image] = [await bench.container(), bench.name('image')];
        await bench.run(['exec', name, 'sh', '-c', 'echo kept > /kept']);
        const id = await bench.run(['commit', '-m', 'words', '-c', 'CMD ["cat", "/kept"]', name, image]);
        expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(await bench.run(['run', '--rm', image])).toBe('kept');
      },
    },
    {
      command: 'docker container prune',
      async run(bench) {
        const name = bench.name('container');
        const id = await bench.run(['create', '--name', name, '-l', `prune=${bench.tag}`, 'busybox']);
        const out = await bench.run(['container', 'prune', '-f', '--filter', `label=prune=${bench.tag}`]);
        expect(out).toContain(id);
        expect((await bench.try(['inspect', name])).code).toBe(1);
      },
    },
    {
      command: 'docker run --link, --volumes-from, --net container:',
      differs:
        'the containers share a host, which is the first one’s: links and shared namespaces do not cross hosts.',
      async run(bench) {
        const first = await bench.container(['-v', '/shared', '-e', 'constraint:node==h3']);
        await bench.run(['exec', first, 'sh', '-c', 'echo word > /shared/word']);
        const linked = await bench.container(['--link', `${first}:peer`]);
        expect(await bench.inspect(linked, '{{.Node.Name}}')).toBe('h3');
        expect(await bench.run(['exec', linked, 'ping', '-c', '1', 'peer'])).toContain('1 packets received');
        expect(
          await bench.run(['run', '--rm', '--volumes-from', first, 'busybox', 'cat', '/shared/word']),
        ).toBe('word');
        const joined = await bench.container(['--net', `container:${first}`]);
        expect(await bench.inspect(joined, '{{.Node.Name}}')).toBe('h3');
      },
    },
  ],
};
