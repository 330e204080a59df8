import { request } from 'node:http';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { program, tryProgram } from '../conformance/program.ts';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { until } from '../lab/run.ts';

/** A lab of its own: hosts are lost in it. */
let lab: Lab;
let docker: Docker;
/** The time limit for one host among many in the settings, milliseconds. */
const HOST_LIMIT = 5_000;
/** With what a loaded machine may add. */
const LIMIT = HOST_LIMIT + 10_000;

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  docker = new Docker({ socketPath: lab.endpoint.replace('unix://', '') });
  for (const { engine } of lab.hosts) await ensureImage('busybox', engine);
  await until(
    'the cluster knows the image',
    async () => ((await cluster('images', '-q', 'busybox')) === '' ? undefined : true),
    { timeoutMs: 60_000 },
  );
  for (const { name } of lab.hosts) {
    await cluster(
      'run',
      '-d',
      '--name',
      `c-${name}`,
      '-e',
      `constraint:node==${name}`,
      'busybox',
      'sleep',
      '1000',
    );
  }
});
afterAll(() => lab?.down());

const cluster = (...args: string[]) => program(['docker', '-H', lab.endpoint, ...args]);

/** Milliseconds, and the `Warning` headers, of one request. */
function get(path: string): Promise<{ took: number; status: number; warnings: string; body: string }> {
  const began = Date.now();
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: lab.endpoint.replace('unix://', ''), path }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.on('end', () =>
        resolve({
          ...{ took: Date.now() - began, status: answer.statusCode ?? 0, body },
          warnings: String(answer.headers.warning ?? ''),
        }),
      );
    });
    asked.on('error', reject).end();
  });
}

it('a host that falls silent costs at most the time limit, and is named', async () => {
  await lab.cut('h2');
  const asking = Promise.all([get('/containers/json?size=1'), get('/system/df')]);
  // What asks no host waits for none.
  const list = get('/containers/json?all=1').then(() => 'the list');
  expect(await Promise.race([asking.then(() => 'what asks hosts'), list])).toBe('the list');
  const [sizes, usage] = await asking;
  for (const answer of [sizes, usage]) {
    expect(answer.status).toBe(200);
    expect(answer.took).toBeLessThan(LIMIT);
    expect(answer.warnings).toContain('h2');
  }
  expect(sizes.body).toContain('/h1/c-h1');
  expect(sizes.body).toContain('/h2/c-h2');
});

it('shows what was on it, and refuses what needs it, at once', async () => {
  await expect
    .poll(() => cluster('ps', '-a', '--filter', 'name=c-h2', '--format', '{{.Status}}'), { timeout: 60_000 })
    .toBe('Host Down');
  expect(await cluster('info')).toMatch(/h2: .*\n.*\n.*Status: (Unhealthy|Disconnected)/);
  const began = Date.now();
  const { code, stderr } = await tryProgram(['docker', '-H', lab.endpoint, 'exec', 'c-h2', 'true']);
  expect([code === 0, stderr]).toEqual([false, expect.stringContaining('h2')]);
  expect(Date.now() - began).toBeLessThan(HOST_LIMIT);
  const { Warnings } = await docker.listVolumes();
  expect(Warnings?.join()).toContain('h2');
  expect(await cluster('run', '--rm', 'busybox', 'echo', 'elsewhere')).toBe('elsewhere');
});

it('knows the container by the same ID when the host is back', async () => {
  const id = (await docker.listContainers({ all: true })).find(({ Names }) => Names[0] === '/h2/c-h2')?.Id;
  await lab.heal('h2');
  await lab.waitReady();
  await expect
    .poll(() => cluster('exec', 'c-h2', 'echo', 'here').catch(String), { timeout: 60_000 })
    .toBe('here');
  expect(await cluster('inspect', '-f', '{{.Id}}', 'c-h2')).toBe(id);
});

it('a power cut in the middle of streams ends them, and only theirs', async () => {
  const argv = (name: string) => ['docker', '-H', lab.endpoint, 'exec', name, 'sleep', '1000'];
  const onLost = tryProgram(argv('c-h3'));
  const alive = tryProgram([...argv('c-h1').slice(0, -2), 'sh', '-c', 'sleep 8; echo whole']);
  await new Promise((r) => setTimeout(r, 1_000));
  await lab.kill('h3');
  expect((await onLost).code).not.toBe(0);
  expect(await alive).toMatchObject({ code: 0, stdout: 'whole\n' });
  await expect
    .poll(() => cluster('ps', '-a', '--filter', 'name=c-h3', '--format', '{{.Status}}'), { timeout: 60_000 })
    .toBe('Host Down');
});
