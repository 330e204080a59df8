import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureImage } from '../../test/images/bake.ts';
import { ConstantLoad } from '../../test/lab/constant-load.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { SHOP, SHOP_CHAT, shopFile } from '../../test/lab/shop.ts';
import { WebSocketSessions } from '../../test/lab/web-sockets.ts';
import { type Benchmark, numberOption, type Run } from '../benchmark.ts';
import type { DockerSocket } from '../fleet/requests.ts';
import { median, quantile, round, timed } from '../stats.ts';
import { dockerAt, startBenchLab } from './start.ts';

const INGRESS = ['h1', 'h2'] as const;
const DRAIN_MS = 5_000;

type Member = Readonly<{ Id: string; Config: { Hostname: string }; State: { Health?: { Log: Look[] } } }>;
type Look = Readonly<{ End: string; ExitCode: number }>;

class Shop {
  private readonly folder = mkdtempSync(join(tmpdir(), 'berth-bench-release-'));

  constructor(
    run: Run,
    private readonly lab: Lab,
  ) {
    run.defer(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  async deploy(version: string, labels: readonly string[] = []): Promise<void> {
    const folder = join(this.folder, 'shop');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'compose.yaml');
    writeFileSync(file, shopFile(version, { labels, says: '$(hostname)' }));
    await this.lab.berth(['deploy', '-f', file, '--timeout', '110']);
  }

  async rollback(): Promise<void> {
    await this.lab.berth(['release', 'rollback', 'shop/web', '--timeout', '110']);
  }

  /** Both versions are there, then all requests go to the new one, then the old one goes. */
  async blueGreen(version: string): Promise<void> {
    await this.deploy(version, ['berth.release: blue-green']);
    await this.lab.berth(['release', 'weight', 'shop/web', '100']);
    await this.lab.berth(['release', 'confirm', 'shop/web', '--timeout', '110']);
  }
}

/**
 * From the end of the look that made a container ready until each router has answered with it. An upper limit: a router's
 * next request for one of four containers comes 16 ms later at 250 requests a second.
 */
class Routed {
  /** By container's host name, by router: when it answered first, milliseconds since the epoch. */
  private readonly first = new Map<string, Map<string, number>>();
  private readonly judged = new Set<string>();
  readonly tookMs: number[] = [];

  constructor(
    private readonly docker: DockerSocket,
    private readonly routers: readonly string[],
  ) {}

  answered(text: string, router: string): void {
    const [, container = ''] = text.split(' ');
    const seen = this.first.get(container) ?? new Map<string, number>();
    if (seen.size === 0) this.first.set(container, seen);
    if (!seen.has(router)) seen.set(router, Date.now());
  }

  /**
   * Looks at containers that are new since the last time.
   * @param counts false where they were ready before they were to have requests
   */
  async look(counts: boolean): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ label: ['com.docker.compose.project=shop'] }));
    const list = await this.docker.call('GET', `/v1.41/containers/json?filters=${filters}`);
    for (const { Id } of JSON.parse(list) as { Id: string }[]) {
      if (this.judged.has(Id)) continue;
      if (!counts) {
        this.judged.add(Id);
        continue;
      }
      const member = JSON.parse(await this.docker.call('GET', `/v1.41/containers/${Id}/json`)) as Member;
      const ready = member.State.Health?.Log.find(({ ExitCode }) => ExitCode === 0);
      const seen = this.first.get(member.Config.Hostname);
      if (ready === undefined || seen?.size !== this.routers.length) continue;
      this.judged.add(Id);
      this.tookMs.push(Math.max(...seen.values()) - Date.parse(ready.End));
    }
  }
}

export const release: Benchmark = {
  name: 'release',
  summary:
    'rolling updates, rollbacks and blue-green switches under a constant load through two routers, and WebSockets',
  unit: 'failed requests',
  better: 'lower',
  target: 0,
  limitSeconds: 3600,
  options: { rate: 500, updates: 20, sockets: 6 },
  async run(run) {
    const [rate, updates, sockets] = ['rate', 'updates', 'sockets'].map((name) =>
      numberOption(run, release, name),
    ) as [number, number, number];
    const labels = Object.fromEntries(INGRESS.map((name) => [name, { 'berth.ingress': 'true' }]));
    const lab = await startBenchLab(run, { hosts: 3, labels });
    for (const image of ['busybox', 'haproxy']) await ensureImage(image, lab.endpoint);
    await lab.berth(['settings', 'set', 'routerImage=haproxy:latest', `drainMs=${DRAIN_MS}`]);
    const shop = new Shop(run, lab);
    await shop.deploy('v0');
    const routers = INGRESS.map((name) => lab.host(name).address);
    const routed = new Routed(dockerAt(run, lab.endpoint, 1), routers);
    await untilServed(routers);
    const load = new ConstantLoad({
      ...{ routers, domain: SHOP, perSecond: rate, expect: /^v\d+ / },
      onAnswer: (text, router) => routed.answered(text, router),
    });
    const chats = new WebSocketSessions({ routers, domain: SHOP_CHAT, sessions: sockets, lastsMs: 2_000 });
    run.defer(async () => void (await Promise.all([load.end(), chats.end()])));
    const seconds: Record<string, number[]> = {};
    for (let i = 1; i <= updates; i++) {
      const ways = [
        ['rolling update', () => shop.deploy(`v${i}`)],
        ['rollback', () => shop.rollback()],
        ['blue-green switch', () => shop.blueGreen(`v${1000 + i}`)],
      ] as const;
      for (const [name, action] of ways) {
        const took = (await timed(action)) / 1000;
        seconds[name] = [...(seconds[name] ?? []), took];
        // Some more requests, so that each router has answered with the last container too.
        await sleep(300);
        await routed.look(name !== 'blue-green switch');
        run.say(`${name} ${i}: ${took.toFixed(1)} s, ${load.failures.length} failed so far`);
      }
    }
    const [requests, sessions] = await Promise.all([load.end(), chats.end()]);
    for (const { at, said } of requests.failed.slice(0, 20))
      run.say(`failed: ${new Date(at).toISOString()} ${said}`);
    for (const said of sessions.failed.slice(0, 20)) run.say(`WebSocket: ${said}`);
    return {
      value: requests.failed.length + sessions.failed.length,
      also: {
        requests: requests.count,
        'failed requests': requests.failed.length,
        'WebSockets cut': sessions.failed.length,
        WebSockets: sessions.sessions,
        'messages on WebSockets': sessions.messages,
        'p50 ms': round(median(requests.latencies), 3),
        'p99 ms': round(quantile(requests.latencies, 0.99), 3),
        'ready to routed on all, p50 ms': round(median(routed.tookMs), 3),
        'ready to routed on all, p99 ms': round(quantile(routed.tookMs, 0.99), 3),
        'containers routed': routed.tookMs.length,
        ...Object.fromEntries(
          Object.entries(seconds).map(([name, took]) => [`${name}, median s`, round(median(took), 3)]),
        ),
      },
    };
  },
};

/** Routers are told in their own time; both domains at once. @throws Error where one does not serve within a minute */
async function untilServed(routers: readonly string[]): Promise<void> {
  for (let tries = 0; ; tries++) {
    const load = new ConstantLoad({ routers, domain: SHOP, perSecond: 20 });
    await sleep(200);
    const { count, failed } = await load.end();
    if (count >= routers.length && failed.length === 0) return;
    if (tries > 300) throw new Error(`${SHOP} is not served: ${failed[0]?.said}`);
  }
}
