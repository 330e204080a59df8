import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Run } from '../benchmark.ts';

/** Where everything listens; each port is one proxy or container. */
export const ADDRESS = '127.56.0.1';
export const BACKEND_PORTS = [9001, 9002, 9003] as const;

/** Of a second, in /proc: USER_HZ, which is 100 wherever Linux has a C library. */
const TICKS = 100;

export const domain = (i: number) => `app${i}.example.com`;

/** A folder of this run's, gone at its end. */
export function newFolder(run: Run): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-router-'));
  run.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process until the run's end. @returns its ID */
export function start(run: Run, argv: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  child.on('error', (error) => run.say(`${program}: ${error.message}`));
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  run.defer(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  });
  return child.pid ?? 0;
}

/** @throws Error where nobody answers 200 within some seconds */
export async function untilServed(port: number, host: string): Promise<void> {
  for (const began = performance.now(); ; await setTimeout(50)) {
    const status = await new Promise<number | undefined>((done) => {
      const asked = get({ host: ADDRESS, port, headers: { host }, agent: false }, (answer) => {
        answer.resume();
        done(answer.statusCode);
      });
      asked.on('error', () => done(undefined));
    });
    if (status === 200) return;
    if (performance.now() - began > 60_000)
      throw new Error(`port ${port} answers ${status ?? 'nothing'} after 60 s`);
  }
}

/** Containers stand for nginx that answers some bytes: it costs least, so that the proxies are what is measured. */
export function startBackends(run: Run): void {
  const folder = newFolder(run);
  const servers = BACKEND_PORTS.map(
    (port) =>
      `server { listen ${ADDRESS}:${port} reuseport; location / { return 200 "hello from a container\\n"; } }`,
  );
  startNginx(run, folder, `keepalive_requests 1000000000; ${servers.join('\n')}`);
}

function startNginx(run: Run, folder: string, http: string): number {
  mkdirSync(join(folder, 'temp'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/temp;`)
    .join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events { worker_connections 8192; } http { access_log off; ${temporary} ${http} }`,
  );
  return start(run, ['nginx', '-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`]);
}

/** What a person's file has beside names, backends and servers. */
type Written = Readonly<{ first: string; defaults: string; frontend: string; last: string }>;

/**
 * As a person writes it who knows HAProxy, for what Berth's router does for a plain route: nobody forges who asks, a port in
 * the Host header is no other domain, a server that does not answer is not the end of a request, balancers in front have a
 * health check, servers change at run time, and the time of one request of 64 is in a log, from which histograms are made.
 */
const WHOLE: Written = {
  first: `ring times
  format raw
  maxlen 512
  size 1048576
`,
  defaults: `  option forwardfor
  option redispatch
  retries 2
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout queue 5s
  timeout tunnel 1h`,
  frontend: `  monitor-uri /health
  log ring@times format raw sample 1:64 local0
  log-format "%b %s %ST %Tw %Tc %Tr"
  http-request del-header X-Forwarded-For
  http-request del-header Forwarded
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  use_backend %[req.hdr(host),field(1,:),lower,map(DOMAINS)]
  default_backend nobody`,
  last: `backend nobody
  http-request deny deny_status 404
`,
};

/** As short as it can be, where nobody forges anything and nothing is to be known of it. */
const SHORT: Written = {
  first: '',
  defaults: '  option forwardfor',
  frontend: `  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  use_backend %[req.hdr(host),lower,map(DOMAINS)]`,
  last: '',
};

/** One map from domains to backends, three servers in each. */
export function startHandWritten(
  run: Run,
  port: number,
  routes: number,
  how: 'whole' | 'short' = 'whole',
): number {
  const folder = newFolder(run);
  const { first, defaults, frontend, last } = how === 'whole' ? WHOLE : SHORT;
  const names = Array.from({ length: routes }, (_, i) => i);
  const map = `${folder}/domains.map`;
  writeFileSync(map, names.map((i) => `${domain(i)} app${i}\n`).join(''));
  const backends = names.map(
    (i) =>
      `backend app${i}\n  balance roundrobin\n${BACKEND_PORTS.map((to, k) => `  server s${k} ${ADDRESS}:${to}\n`).join('')}`,
  );
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `global
  stats socket ${folder}/admin.sock mode 600 level admin expose-fd listeners
  fd-hard-limit 200000
${first}defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
${defaults}
frontend web
  bind ${ADDRESS}:${port}
${frontend.replace('DOMAINS', map)}
${backends.join('')}${last}`,
  );
  return start(run, ['haproxy', '-W', '-f', `${folder}/haproxy.cfg`]);
}

export function startNginxProxy(run: Run, port: number): number {
  const servers = BACKEND_PORTS.map((to) => `server ${ADDRESS}:${to};`).join(' ');
  const folder = newFolder(run);
  return startNginx(
    run,
    folder,
    `keepalive_requests 1000000000; upstream app { ${servers} keepalive 64; keepalive_requests 1000000000; }
     split_clients $connection.$connection_requests $timed { 1.56% 1; * ""; }
     log_format times "$server_name $status $upstream_connect_time $upstream_header_time";
     server { listen ${ADDRESS}:${port} reuseport; server_name ${domain(0)};
       access_log ${folder}/times.log times buffer=64k flush=1s if=$timed;
       location / { proxy_pass http://app;
         proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
         proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
         proxy_set_header X-Forwarded-Host $http_host; proxy_set_header Forwarded ""; } }`,
  );
}

export function startCaddy(run: Run, port: number): number {
  const folder = newFolder(run);
  const to = BACKEND_PORTS.map((backend) => `${ADDRESS}:${backend}`).join(' ');
  writeFileSync(
    join(folder, 'Caddyfile'),
    `{\n admin off\n auto_https off\n}\nhttp://${domain(0)}:${port} {\n bind ${ADDRESS}\n reverse_proxy ${to} {\n  lb_policy round_robin\n }\n}\n`,
  );
  return start(run, ['caddy', 'run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'], {
    HOME: folder,
  });
}

export function startNodeProxy(run: Run, port: number): number {
  return start(run, [
    'node',
    resolve('bench/router/node-proxy.mjs'),
    ADDRESS,
    String(port),
    ...BACKEND_PORTS.map(String),
  ]);
}

/** Seconds of CPU of a process and of those that it has started: what its neighbours on the machine do not change. */
export function cpuSeconds(pid: number): number {
  const read = (path: string) => readFileSync(`/proc/${pid}/${path}`, 'utf8');
  const [user = 0, system = 0] = read('stat').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
  const children = read(`task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
  return (user + system) / TICKS + children.reduce((sum, child) => sum + cpuSeconds(child), 0);
}
