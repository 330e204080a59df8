import { z } from 'zod';
import type { Run } from '../commands.ts';

const linkSchema = z.looseObject({
  ifname: z.string(),
  flags: z.array(z.string()),
  mtu: z.number(),
  address: z.string().optional(),
  /** The bridge, bond or switch that it is a port of. */
  master: z.string().optional(),
  /** What a VLAN or macvlan interface lies on. */
  link: z.string().nullish(),
  ifalias: z.string().optional(),
  linkinfo: z
    .looseObject({
      info_kind: z.string().optional(),
      info_slave_data: z.looseObject({ isolated: z.boolean().optional() }).optional(),
      info_data: z.looseObject({ id: z.number().optional() }).optional(),
    })
    .optional(),
  addr_info: z.array(z.looseObject({ local: z.string().optional(), scope: z.string() })).default([]),
});

/** An interface as `ip -details -json address show` tells it. */
export type Link = Readonly<{
  name: string;
  up: boolean;
  mtu: number;
  mac: string;
  /** `veth`, `bridge`, `vlan`, …; empty for a real one. */
  kind: string;
  master: string | undefined;
  /** Of a VLAN interface: where it lies on. */
  parent: string | undefined;
  alias: string;
  vlanId: number | undefined;
  isolated: boolean;
  /** Addresses that others reach; not those of the link alone. */
  addresses: readonly string[];
}>;

export type Links = ReadonlyMap<string, Link>;

/** Interfaces of a namespace, of the host's own where none is named. */
export async function readLinks(run: Run, namespace?: string): Promise<Links> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  return parseLinks(await run(['ip', ...where, '-details', '-json', 'address', 'show']));
}

/** @throws ZodError where that is not what `ip` prints */
export function parseLinks(json: string): Links {
  const listed = z.array(linkSchema).parse(JSON.parse(json || '[]'));
  return new Map(
    listed.map((link) => [
      link.ifname,
      {
        name: link.ifname,
        up: link.flags.includes('UP'),
        mtu: link.mtu,
        mac: link.address ?? '',
        kind: link.linkinfo?.info_kind ?? '',
        master: link.master,
        parent: link.link ?? undefined,
        alias: link.ifalias ?? '',
        vlanId: link.linkinfo?.info_kind === 'vlan' ? link.linkinfo.info_data?.id : undefined,
        isolated: link.linkinfo?.info_slave_data?.isolated ?? false,
        addresses: link.addr_info.flatMap(({ local, scope }) =>
          local === undefined || scope === 'link' || scope === 'host' ? [] : [local],
        ),
      },
    ]),
  );
}

/** Names of the network namespaces below `/run/netns`. */
export async function readNamespaces(run: Run): Promise<ReadonlySet<string>> {
  const listed = await run(['ip', 'netns', 'list']);
  return new Set(listed.split('\n').flatMap((line) => line.split(' ')[0] || []));
}
