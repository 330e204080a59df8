import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RouteOutput } from '../../src/contract/v1/route.ts';
import type { RouteView } from '../../src/contract/v1/route-list.ts';
import type { Routes } from '../../src/contract/v1/routes.ts';
import type { ServiceMember, ServiceView } from '../../src/contract/v1/services.ts';
import { ensureImage } from '../images/bake.ts';
import { ConstantLoad, type LoadOptions } from './constant-load.ts';
import { type Lab, startLab } from './lab.ts';
import { SHOP, shopFile } from './shop.ts';

/** The host that takes requests. */
export const INGRESS = 'h1';

/** A lab of three hosts whose first one takes requests for the shop (`shop.ts`), and what tests of releases do with it. */
export class ShopLab {
  private readonly folder = mkdtempSync(join(tmpdir(), 'berth-shop-'));

  private constructor(readonly lab: Lab) {}

  /** @param settings more of them, as `berth settings set` takes them */
  static async start(settings: readonly string[] = []): Promise<ShopLab> {
    const lab = await startLab({ hosts: 3, labels: { [INGRESS]: { 'berth.ingress': 'true' } } });
    const shop = new ShopLab(lab);
    try {
      for (const image of ['busybox', 'haproxy']) await ensureImage(image, lab.endpoint);
      const routers = ['routerImage=haproxy:latest', 'drainMs=3000'];
      const failover = ['suspectAfterMs=1500', 'downAfterMs=3000'];
      await lab.berth(['settings', 'set', ...routers, ...failover, ...settings]);
      return shop;
    } catch (error) {
      await shop.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    await this.lab.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param flags of `berth deploy`, instead of those that wait for its end */
  deploy(
    version: string,
    name = 'shop',
    options: Parameters<typeof shopFile>[1] = {},
    flags: readonly string[] = ['--timeout', '90'],
  ): Promise<string> {
    mkdirSync(join(this.folder, name), { recursive: true });
    const file = join(this.folder, name, 'compose.yaml');
    writeFileSync(file, shopFile(version, options));
    return this.lab.berth(['deploy', '-f', file, ...flags]);
  }

  get routers(): string[] {
    return [this.lab.host(INGRESS).address];
  }

  /** Requests at a constant rate, until it is ended. */
  load(more: Partial<LoadOptions> = {}): ConstantLoad {
    const versions = /^(one|two|three)$/;
    return new ConstantLoad({
      routers: this.routers,
      domain: SHOP,
      perSecond: 50,
      expect: versions,
      ...more,
    });
  }

  /** Status and text of one request to the ingress host, on a connection of its own; or why there was none. */
  told(domain: string): Promise<string> {
    return new Promise((resolve) => {
      const sent = request(
        { host: this.routers[0], port: 80, agent: false, timeout: 8_000, headers: { host: domain } },
        (answer) => {
          let text = '';
          answer.on('data', (bytes) => {
            text += bytes;
          });
          answer.on('end', () => resolve(`${answer.statusCode} ${text.trim()}`));
          answer.on('error', (error) => resolve(String(error)));
        },
      );
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', (error) => resolve(String(error)));
      sent.end();
    });
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.lab.berth([...args, '--json'])) as T;
  }

  async route(): Promise<RouteView | undefined> {
    return (await this.json<RouteView[]>('route', 'ls')).find(({ name }) => name === SHOP);
  }

  /** Addresses of the hosts that the router leads to. */
  async servers(): Promise<string[]> {
    const pools = (await this.route())?.pools ?? [];
    return pools.flatMap(({ servers }) => servers.map(({ address }) => address));
  }

  async service(): Promise<ServiceView | undefined> {
    return (await this.json<ServiceView[]>('service', 'ls', 'shop')).find(({ name }) => name === 'web');
  }

  members(): Promise<ServiceMember[]> {
    return this.json('service', 'ps', 'shop/web');
  }

  status(): Promise<RouteOutput<Routes['release.status']>> {
    return this.json('release', 'status', 'shop/web');
  }
}

export const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 200 });
