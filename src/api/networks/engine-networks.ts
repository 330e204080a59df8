import type { ReachResult } from '../../contract/v1/networks.ts';
import type { Agents } from '../../link/index.ts';
import type { EngineCall } from '../docker/call.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { join, leave } from '../docker/networks/connect.ts';
import { addNetwork } from '../docker/networks/create.ts';
import { dropNetwork } from '../docker/networks/remove.ts';
import { servedVersions } from '../docker/version.ts';
import type { NetworkHands, NewNetwork } from '../v1/network-hands.ts';
import { testReach } from './reach/test-reach.ts';

/** An engine that says nothing is given up, milliseconds. */
const ACT_MS = 2 * 60_000;

/** Networks, by the same ways as the Docker endpoint. */
export class EngineNetworks implements NetworkHands {
  constructor(
    private readonly deps: DockerDeps,
    private readonly agents: Agents,
  ) {}

  async create(wanted: NewNetwork, user: string): Promise<string> {
    const { name, driver = 'default', pools = [], ipv6, internal, options, labels } = wanted;
    const Config = pools.map(({ subnet, range, gateway }) => ({
      Subnet: subnet,
      ...(range === undefined ? {} : { IPRange: range }),
      ...(gateway === undefined ? {} : { Gateway: gateway }),
    }));
    const { Id } = await addNetwork(
      this.call(),
      {
        Name: name,
        Driver: driver,
        Attachable: true,
        ...(ipv6 === undefined ? {} : { EnableIPv6: ipv6 }),
        ...(internal === undefined ? {} : { Internal: internal }),
        ...(Config.length === 0 ? {} : { IPAM: { Config } }),
        ...(options === undefined ? {} : { Options: options }),
        ...(labels === undefined ? {} : { Labels: labels }),
      },
      user,
    );
    return String(Id);
  }

  test(from: string, to: string, port: number | undefined): Promise<ReachResult> {
    return testReach({ ...this.deps, agents: this.agents }, { from, to, port });
  }

  remove(ref: string): Promise<void> {
    return dropNetwork(this.call(), ref);
  }

  async connect(
    ref: string,
    container: string,
    { ip, aliases }: Parameters<NetworkHands['connect']>[2],
  ): Promise<void> {
    const address = ip?.includes(':') === true ? { IPv6Address: ip } : { IPv4Address: ip };
    const EndpointConfig = {
      ...(ip === undefined ? {} : { IPAMConfig: address }),
      ...(aliases === undefined || aliases.length === 0 ? {} : { Aliases: aliases }),
    };
    await join(this.call(), ref, { Container: container, EndpointConfig });
  }

  disconnect(ref: string, container: string): Promise<void> {
    return leave(this.call(), ref, { Container: container });
  }

  private call(): EngineCall {
    const { deps } = this;
    return { deps, apiVersion: servedVersions(deps.store).api, signal: AbortSignal.timeout(ACT_MS) };
  }
}
