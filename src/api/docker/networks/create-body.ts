import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import type { SpanRequest } from '../../../model/spanning/read-span.ts';
import { SPAN_DRIVERS } from '../../../model/spanning/registry.ts';

const strings = z.record(z.string(), z.string()).nullish();

/** Body of `POST /networks/create`: the fields that Berth reads, with their types; others pass as they are. */
export const createSchema = z.looseObject({
  Name: z.string({ error: 'name the network' }),
  Driver: z.string().optional(),
  CheckDuplicate: z.boolean().optional(),
  Internal: z.boolean().nullish(),
  Attachable: z.boolean().nullish(),
  Ingress: z.boolean().nullish(),
  ConfigOnly: z.boolean().nullish(),
  ConfigFrom: z.looseObject({ Network: z.string().nullish() }).nullish(),
  EnableIPv4: z.boolean().nullish(),
  EnableIPv6: z.boolean().nullish(),
  IPAM: z
    .looseObject({
      Driver: z.string().nullish(),
      Config: z
        .array(
          z.looseObject({
            Subnet: z.string().nullish(),
            IPRange: z.string().nullish(),
            Gateway: z.string().nullish(),
            AuxiliaryAddresses: strings,
          }),
        )
        .nullish(),
      Options: strings,
    })
    .nullish(),
  Options: strings,
  Labels: strings,
});
export type CreateNetworkBody = z.infer<typeof createSchema>;

/**
 * What the body asks for, of a driver whose networks span hosts.
 * @throws BerthError `bad_request` for what no such network can have
 */
export function spanRequestOf(body: CreateNetworkBody, driver: string): SpanRequest {
  const { IPAM, Options } = body;
  const refuse = (what: string, hint: string) =>
    new BerthError('bad_request', `a network of driver ${driver} cannot have ${what}`, { hint });
  if (body.ConfigOnly === true || body.ConfigFrom?.Network)
    throw refuse('a configuration of another network', 'leave --config-only and --config-from out');
  if (body.Ingress === true) throw refuse('swarm mode’s routing mesh', 'leave --ingress out');
  if (body.EnableIPv4 === false) throw refuse('IPv6 alone', 'leave --ipv4=false out');
  const ipam = IPAM?.Driver ?? '';
  if (!['', 'default', ...SPAN_DRIVERS.map(({ name }) => name)].includes(ipam))
    throw refuse(
      `IPAM driver "${ipam.slice(0, 80)}"`,
      'its addresses are the cluster’s: leave --ipam-driver out',
    );
  const [option] = Object.keys(IPAM?.Options ?? {});
  if (option !== undefined) throw refuse(`IPAM option "${option.slice(0, 80)}"`, 'leave --ipam-opt out');
  const pools = (IPAM?.Config ?? []).map(({ Subnet, IPRange, Gateway, AuxiliaryAddresses }) => {
    if (!Subnet)
      throw refuse(`${IPRange || Gateway || 'an address pool'} without a subnet`, 'name it with --subnet');
    return {
      subnet: Subnet,
      ...(IPRange ? { range: IPRange } : {}),
      ...(Gateway ? { gateway: Gateway } : {}),
      ...(AuxiliaryAddresses ? { aux: AuxiliaryAddresses } : {}),
    };
  });
  return { pools, ipv6: body.EnableIPv6 === true, internal: body.Internal === true, options: Options ?? {} };
}
