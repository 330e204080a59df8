import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { sharedLab } from '../lab/shared.ts';

const NAME = 'metrics-busy';
const USER = 'metrics-prometheus';
const QUERIES = [
  'berth_host_up',
  `berth_container_cpu_cores{container="${NAME}"}`,
  'berth_api_requests_total',
];

let lab: Lab;
let open: OpenPage;
let folder: string;
let prometheus: ChildProcess | undefined;

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'berth-metrics-'));
  await lab.docker(['rm', '-f', NAME]).catch(() => undefined);
  const busy = 'while :; do dd if=/dev/zero of=/dev/null bs=1M count=200 2>/dev/null; sleep 1; done';
  await lab.docker(['run', '-d', '--name', NAME, '--memory', '64m', 'busybox', 'sh', '-c', busy]);
  open = await openChromium();
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  prometheus?.kill('SIGKILL');
  await open?.close();
  await lab?.docker(['rm', '-f', NAME]).catch(() => undefined);
  await lab?.berth(['user', 'rm', USER, '--yes']).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

const chart = (name: string) => open.page.getByRole('slider', { name, exact: true });
/** What a chart says at its newest point, once it says something. */
const told = async (name: string, pattern: RegExp) => {
  await expect.poll(() => chart(name).getAttribute('aria-valuetext'), { timeout: 60_000 }).toMatch(pattern);
};

describe('charts', () => {
  it('show what a container uses, and read out their points by the keys', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/containers/${NAME}`);
    await page.getByRole('tab', { name: 'Charts' }).click();
    await told('CPU, cores', /CPU, cores 0\.\d+/);
    await told('Memory', /Memory [\d.]+ [KM]iB/);
    await page.getByRole('tabpanel', { name: 'Charts' }).getByText('of 64 MiB').waitFor();
    await page.locator('.chart canvas').first().waitFor();
    const newest = Number(await chart('CPU, cores').getAttribute('aria-valuenow'));
    await chart('CPU, cores').focus();
    await page.keyboard.press('ArrowLeft');
    expect(Number(await chart('CPU, cores').getAttribute('aria-valuenow'))).toBeLessThan(newest + 1);
    await page.keyboard.press('Home');
    await told('CPU, cores', /CPU, cores –/);
    await expect.poll(() => chart('CPU, cores').getAttribute('aria-valuenow')).toBe('0');
    // The others show the same moment, and none has complained of the page's policy.
    await page.keyboard.press('Escape');
    expect(await seriousFindings(open)).toEqual([]);
    expect(open.complaints).toEqual([]);
  });

  it('show hours as well, and hosts and the cluster', async () => {
    const { page } = open;
    await page.goto(`${lab.addresses.api}/containers/${NAME}?tab=charts`);
    await page.getByText('6 hours').click();
    await told('CPU, cores', /^\d\d:\d\d: CPU, cores 0\.\d+/);
    await page.goto(`${lab.addresses.api}/hosts/h1`);
    await told('CPU, cores', /programs [\d.]+, kernel [\d.]+/);
    await told('Docker’s data', /[\d.]+ [GT]iB/);
    expect(await seriousFindings(open)).toEqual([]);
    await page.goto(lab.addresses.api);
    await page.getByRole('heading', { name: 'In use' }).waitFor();
    await told('Memory', /[\d.]+ [GT]iB/);
    expect(await seriousFindings(open)).toEqual([]);
  });

  it('say that a container does not run, and keep what it did', async () => {
    const { page } = open;
    await lab.docker(['stop', '-t', '0', NAME]);
    await page.goto(`${lab.addresses.api}/containers/${NAME}`);
    await page.getByRole('tab', { name: 'Charts' }).click();
    await page.getByText(`${NAME} does not run`).waitFor();
    await page.getByText('10 minutes').click();
    const summary = async () => {
      const id = await chart('CPU, cores').getAttribute('aria-describedby');
      return page.evaluate(`document.getElementById('${id}')?.textContent ?? ''`);
    };
    await expect.poll(summary).toMatch(/most 0\.\d/);
    await lab.docker(['start', NAME]);
  });
});

describe('Prometheus', () => {
  let token = '';
  const ca = () => join(folder, 'ca.pem');

  it('finds nothing to object to in what a viewer’s token reads', async () => {
    await ensureRequirements([['promtool', 'prometheus']]);
    await lab.berth(['user', 'create', USER, '--role', 'viewer']);
    const made = JSON.parse(await lab.berth(['api-token', 'create', 'scrape', '--user', USER, '--json'])) as {
      token: string;
    };
    token = made.token;
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    const read = async (path: string, headers = {}) => {
      const answer = await request(`${lab.addresses.api}${path}`, { dispatcher, headers });
      return { status: answer.statusCode, text: await answer.body.text() };
    };
    writeFileSync(ca(), (await read('/v1/ca.pem')).text);
    expect((await read('/metrics')).status).toBe(401);
    const { text } = await read('/metrics', { authorization: `Bearer ${token}` });
    await dispatcher.close();
    expect(text).toContain('berth_host_up{host="h2"} 1');
    // Its complaints are on standard output, and it ends with another code than 0.
    expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
  });

  it('scrapes it, and answers questions about it', async () => {
    const port = await freePort();
    writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
    const job = {
      ...{ job_name: 'berth', scheme: 'https', scrape_interval: '2s' },
      authorization: { credentials_file: join(folder, 'token') },
      tls_config: { ca_file: ca() },
      static_configs: [{ targets: [new URL(lab.addresses.api).host] }],
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({ scrape_configs: [job] }));
    const flags = [
      'config.file=prometheus.yml',
      'storage.tsdb.path=data',
      `web.listen-address=127.0.0.1:${port}`,
    ];
    prometheus = spawn(
      'prometheus',
      flags.map((flag) => `--${flag}`),
      { cwd: folder, stdio: 'ignore' },
    );
    const ask = async (query: string) => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = await fetch(url).then(
        async (found) => (await found.json()) as { data: { result: unknown[] } },
      );
      return answer.data.result.length;
    };
    for (const query of QUERIES)
      await expect
        .poll(() => ask(query).catch(() => 0), { timeout: 60_000, interval: 500 })
        .toBeGreaterThan(0);
    await expect.poll(() => ask('berth_host_up == 1').catch(() => 0)).toBe(3);
  });
});

describe('an agent', () => {
  it('tells of its own host, where it was told to listen, and has nothing that promtool objects to', async () => {
    await lab.killAgent('h3');
    await lab.join('h3', { args: ['--metrics-listen', '127.0.0.1:9464'] });
    try {
      const read = async () => (await lab.exec('h3', ['curl', '-s', 'http://127.0.0.1:9464/metrics'])).stdout;
      await expect.poll(read, { timeout: 60_000, interval: 1_000 }).toContain('berth_host_cores{host="h3"}');
      expect(execFileSync('promtool', ['check', 'metrics'], { input: await read(), encoding: 'utf8' })).toBe(
        '',
      );
    } finally {
      await lab.killAgent('h3');
      // It keeps what it was told.
      await lab.join('h3', { args: ['--metrics-listen', 'off'] });
    }
    const state = async () => {
      const nodes = JSON.parse(await lab.berth(['node', 'ls', '--json'])) as {
        name: string;
        state: string;
      }[];
      return nodes.find(({ name }) => name === 'h3')?.state;
    };
    await expect.poll(state, { timeout: 60_000, interval: 1_000 }).toBe('ready');
    const { code } = await lab.exec('h3', ['curl', '-s', 'http://127.0.0.1:9464/metrics']);
    expect(code).not.toBe(0);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
