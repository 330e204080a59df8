import { z } from 'zod';
import type { Run } from '../../commands.ts';

/** A port of a switch, as its database has it. */
export type SwitchPort = Readonly<{
  name: string;
  bridge: string;
  tag: number | undefined;
  protected: boolean;
  /** `external_ids:berth`: the network that it was made for, or `PROTECTED_HERE`; empty for what is not ours. */
  mark: string;
  /** False where the interface is not on this machine any more. */
  present: boolean;
}>;

export type SwitchState = Readonly<{
  /** By name; `made`: by this driver. */
  bridges: ReadonlyMap<string, Readonly<{ made: boolean; datapath: string }>>;
  ports: ReadonlyMap<string, SwitchPort>;
}>;

/** Value of `external_ids:berth` of a bridge that this driver has made. */
export const MADE = 'made';
/** The same of a port of an operator's that it has protected. */
export const PROTECTED_HERE = 'protected';

/** Three tables in one answer, one line of JSON each (OVSDB's notation, RFC 7047, 5.1). */
export const READ_STATE: readonly string[] = [
  ...['ovs-vsctl', '--timeout=10', '--format=json'],
  ...['--columns=name,ports,external_ids,datapath_type', 'list', 'Bridge', '--'],
  ...['--columns=_uuid,name,tag,protected,external_ids', 'list', 'Port', '--'],
  ...['--columns=name,ofport', 'list', 'Interface'],
];

export async function readSwitchState(run: Run): Promise<SwitchState> {
  return parseSwitchState(await run(READ_STATE));
}

const tableSchema = z.object({ headings: z.array(z.string()), data: z.array(z.array(z.unknown())) });
const setOf = <T extends z.ZodType>(item: T) => z.union([z.tuple([z.literal('set'), z.array(item)]), item]);
const uuidSchema = z.tuple([z.literal('uuid'), z.string()]);
const mapSchema = z.tuple([z.literal('map'), z.array(z.tuple([z.string(), z.string()]))]);

const bridgeSchema = z.object({
  name: z.string(),
  ports: setOf(uuidSchema),
  external_ids: mapSchema,
  datapath_type: z.string(),
});
const portSchema = z.object({
  _uuid: uuidSchema,
  name: z.string(),
  tag: setOf(z.number()),
  protected: z.boolean(),
  external_ids: mapSchema,
});
const interfaceSchema = z.object({ name: z.string(), ofport: setOf(z.number()) });

/** @throws ZodError where that is not what `READ_STATE` prints */
export function parseSwitchState(text: string): SwitchState {
  const [bridgeTable, portTable, interfaceTable] = text.split('\n').filter((line) => line !== '');
  const bridges = rowsOf(bridgeTable, bridgeSchema);
  const bridgeOf = new Map(
    bridges.flatMap(({ name, ports }) => items(ports, isUuid).map(([, uuid]) => [uuid, name])),
  );
  // -1: the switch could not open it; without a number it has not got to it yet
  const missing = new Set(
    rowsOf(interfaceTable, interfaceSchema).flatMap(({ name, ofport }) => (ofport === -1 ? [name] : [])),
  );
  return {
    bridges: new Map(
      bridges.map(({ name, external_ids, datapath_type }) => [
        name,
        { made: markIn(external_ids) === MADE, datapath: datapath_type },
      ]),
    ),
    ports: new Map(
      rowsOf(portTable, portSchema).map((port) => [
        port.name,
        {
          name: port.name,
          bridge: bridgeOf.get(port._uuid[1]) ?? '',
          tag: typeof port.tag === 'number' ? port.tag : undefined,
          protected: port.protected,
          mark: markIn(port.external_ids),
          present: !missing.has(port.name),
        },
      ]),
    ),
  };
}

function rowsOf<T extends z.ZodType>(table: string | undefined, schema: T): z.infer<T>[] {
  const { headings, data } = tableSchema.parse(JSON.parse(table ?? '{"headings":[],"data":[]}'));
  return data.map((row) => schema.parse(Object.fromEntries(headings.map((name, i) => [name, row[i]]))));
}

type Uuid = z.infer<typeof uuidSchema>;
const isUuid = (value: unknown): value is Uuid => Array.isArray(value) && value[0] === 'uuid';

/** A set of one is written as its only element. */
function items<T>(set: ['set', T[]] | T, isItem: (value: unknown) => value is T): T[] {
  return isItem(set) ? [set] : (set as ['set', T[]])[1];
}

function markIn([, pairs]: z.infer<typeof mapSchema>): string {
  return pairs.find(([key]) => key === 'berth')?.[1] ?? '';
}
