import type { Balancer } from '../../model/balancer.ts';
import type { ServiceRecord } from '../../model/deployment.ts';
import { isRouters, isServed, type RouterPorts } from '../../model/service-routes.ts';

/** The TCP ports that routers open on their hosts: for domains, and what services and balancers listen at. */
export class OpenPorts {
  private ports: RouterPorts = { routerPort: 0, routerTlsPort: 0 };
  /** By what they are of: services by stack and name, balancers by name. */
  private readonly byHolder = new Map<string, readonly number[]>();
  private readonly counts = new Map<number, number>();

  /** @returns whether they are other ones now */
  set({ routerPort, routerTlsPort }: RouterPorts): boolean {
    const same = this.ports.routerPort === routerPort && this.ports.routerTlsPort === routerTlsPort;
    this.ports = { routerPort, routerTlsPort };
    return !same;
  }

  /** @returns whether there are others open than before */
  putService(key: string, record: Pick<ServiceRecord, 'service'> | undefined): boolean {
    const served = record?.service.listeners.filter((one) => isServed(one, this.ports)) ?? [];
    return this.put(
      `service ${key}`,
      served.map(({ frontPort }) => frontPort),
    );
  }

  /** @returns whether there are others open than before */
  putBalancer(name: string, balancer: Pick<Balancer, 'listens'> | undefined): boolean {
    const ports = balancer?.listens.flatMap((one) => (one.kind === 'tcp' ? [one.port] : [])) ?? [];
    return this.put(
      `balancer ${name}`,
      ports.filter((port) => !isRouters(port, this.ports)),
    );
  }

  all(): readonly number[] {
    const { routerPort, routerTlsPort } = this.ports;
    return [...new Set([routerPort, routerTlsPort, ...this.counts.keys()])].filter((port) => port > 0);
  }

  private put(holder: string, ports: readonly number[]): boolean {
    const before = this.byHolder.get(holder) ?? [];
    if (before.length === ports.length && before.every((port, i) => port === ports[i])) return false;
    for (const port of before) this.count(port, -1);
    for (const port of ports) this.count(port, 1);
    if (ports.length === 0) this.byHolder.delete(holder);
    else this.byHolder.set(holder, ports);
    return true;
  }

  private count(port: number, by: number): void {
    const count = (this.counts.get(port) ?? 0) + by;
    if (count === 0) this.counts.delete(port);
    else this.counts.set(port, count);
  }
}
