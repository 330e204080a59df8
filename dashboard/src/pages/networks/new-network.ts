import { shellWord } from '../../parts/format.ts';

/** What stands in the form; a text that is empty was not said. */
export type Draft = Readonly<{
  name: string;
  driver: string;
  subnet: string;
  range: string;
  gateway: string;
  vlanId: string;
  uplink: string;
  mtu: string;
  encrypted: boolean;
  internal: boolean;
  ipv6: boolean;
}>;

type NewNetwork = {
  name: string;
  driver: string;
  pools?: { subnet: string; range?: string; gateway?: string }[];
  ipv6?: boolean;
  internal?: boolean;
  options?: Record<string, string>;
};

/** Body of `network.create`: what the driver does not have is left out, though it was typed for another one. */
export function newNetwork(draft: Draft): NewNetwork {
  const { name, driver, ipv6, internal } = draft;
  const isVlan = driver === 'vlan';
  const [subnet, range, gateway] = [draft.subnet, draft.range, draft.gateway].map((text) => text.trim());
  const pool = {
    subnet: subnet ?? '',
    ...(isVlan && range ? { range } : {}),
    ...(isVlan && gateway ? { gateway } : {}),
  };
  const options: Record<string, string> = {
    ...(driver === 'xoverlay' && draft.encrypted ? { encrypted: 'true' } : {}),
    ...(isVlan && draft.vlanId.trim() !== '' ? { VlanId: draft.vlanId.trim() } : {}),
    ...(isVlan && draft.uplink.trim() !== '' ? { uplink: draft.uplink.trim() } : {}),
    ...(driver !== 'bridge' && draft.mtu.trim() !== '' ? { mtu: draft.mtu.trim() } : {}),
  };
  return {
    name: name.trim(),
    driver,
    ...(subnet ? { pools: [pool] } : {}),
    ...(ipv6 ? { ipv6 } : {}),
    ...(internal ? { internal } : {}),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

/** The same as a command of docker's. */
export function networkCli({ name, driver, pools = [], ipv6, internal, options = {} }: NewNetwork): string {
  return [
    'docker network create',
    `-d ${shellWord(driver)}`,
    ...pools.flatMap(({ subnet, range, gateway }) => [
      `--subnet ${shellWord(subnet)}`,
      ...(range === undefined ? [] : [`--ip-range ${shellWord(range)}`]),
      ...(gateway === undefined ? [] : [`--gateway ${shellWord(gateway)}`]),
    ]),
    ...(ipv6 === true ? ['--ipv6'] : []),
    ...(internal === true ? ['--internal'] : []),
    ...Object.entries(options).map(([key, value]) => `-o ${shellWord(`${key}=${value}`)}`),
    shellWord(name || 'NAME'),
  ].join(' ');
}
