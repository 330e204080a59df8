import schema from './schema/compose-spec.json' with { type: 'json' };

type Schema = Readonly<{
  $ref?: string;
  properties?: Readonly<Record<string, Schema>>;
  patternProperties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
}>;

const definitions = schema.definitions as unknown as Readonly<Record<string, Schema>>;

/** All keys of the specification: `services.*.ports[].mode`. `*` is a name of the user's; of free texts below it none. */
export function schemaKeys(): string[] {
  const found = new Set<string>();
  collect(schema as unknown as Schema, '', found);
  return [...found].sort();
}

function collect(node: Schema, path: string, found: Set<string>): void {
  if (node.$ref !== undefined)
    collect(definitions[node.$ref.replace('#/definitions/', '')] ?? {}, path, found);
  for (const [key, below] of Object.entries(node.properties ?? {})) {
    const own = path === '' ? key : `${path}.${key}`;
    found.add(own);
    collect(below, own, found);
  }
  for (const [pattern, below] of Object.entries(node.patternProperties ?? {}))
    if (pattern !== '^x-') collect(below, `${path}.*`, found);
  if (node.items !== undefined) collect(node.items, `${path}[]`, found);
  for (const below of [...(node.oneOf ?? []), ...(node.anyOf ?? [])]) collect(below, path, found);
}
