import { namesUnder, type YamlPlace } from './yaml-place.ts';

/** What of JSON Schema (draft 7) the Compose Specification uses. */
export type Schema = Readonly<{
  $ref?: string;
  type?: string | readonly string[];
  description?: string;
  deprecated?: boolean;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, Schema>>;
  patternProperties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  definitions?: Readonly<Record<string, Schema>>;
}>;

export type Known = Readonly<{
  schema: Schema;
  labels: readonly Readonly<{ name: string; words: string }>[];
}>;

/** One thing that may stand where the cursor is. */
export type Offer = Readonly<{ word: string; kind: 'key' | 'value'; words: string; insert: string }>;

/** Keys whose values, or items, are names from elsewhere in the file. */
const NAMES: Readonly<Record<string, string>> = {
  depends_on: 'services',
  networks: 'networks',
  configs: 'configs',
  secrets: 'secrets',
  links: 'services',
};

/** What the specification, Berth's labels and the file's own names allow there. */
export function offersAt(place: YamlPlace, text: string, known: Known): Offer[] {
  const { path, kind, key, isItem } = place;
  if (kind === 'value') return values(choicesAt(known.schema, [...path, key]));
  const all = choicesAt(known.schema, path);
  const offers = [...keys(all), ...ownNames(path, text)];
  const inLabels = path.at(-1) === 'labels' || (isItem && path.at(-2) === 'labels');
  if (inLabels) offers.push(...labels(known, isItem));
  if (isItem) offers.push(...values(all));
  return offers;
}

function keys(schemas: readonly Schema[]): Offer[] {
  const found = new Map<string, Offer>();
  for (const { properties = {} } of schemas)
    for (const [word, below] of Object.entries(properties))
      if (below.deprecated !== true && !found.has(word))
        found.set(word, {
          ...{ word, kind: 'key', words: below.description ?? '' },
          insert: `${word}:${isScalar(below) ? ' ' : ''}`,
        });
  return [...found.values()];
}

function isScalar({ type, $ref, oneOf, anyOf }: Schema): boolean {
  if ($ref !== undefined || oneOf !== undefined || anyOf !== undefined) return false;
  return type !== 'object' && type !== 'array';
}

function values(schemas: readonly Schema[]): Offer[] {
  const words = schemas.flatMap(({ enum: choices = [], type }) => [
    ...choices.filter((one) => typeof one === 'string' || typeof one === 'number').map(String),
    ...([type].flat().includes('boolean') ? ['true', 'false'] : []),
  ]);
  return [...new Set(words)].map((word) => ({ word, kind: 'value', words: '', insert: word }));
}

/** Of services of the file, where they are spoken of: as items, or as keys. */
function ownNames(path: readonly string[], text: string): Offer[] {
  const last = path.at(-1) === '[]' ? path.at(-2) : path.at(-1);
  const section = NAMES[last ?? ''];
  if (section === undefined || path[0] !== 'services') return [];
  const isList = path.at(-1) === '[]';
  const self = path[1];
  return namesUnder(section, text)
    .filter((word) => section !== 'services' || word !== self)
    .map((word) => ({ word, kind: 'value', words: '', insert: isList ? word : `${word}:` }));
}

function labels({ labels: all }: Known, isItem: boolean): Offer[] {
  return all.map(({ name, words }) => {
    const word = `berth.${name.replace('port_*', 'port_80').replace('*', 'NAME')}`;
    return { word, kind: 'key', words, insert: isItem ? `${word}=` : `${word}: ` };
  });
}

/** All forms that the schema has for what is at a path, with choices and references followed. */
function choicesAt(root: Schema, path: readonly string[]): Schema[] {
  let at = choices(root, root);
  for (const step of path) at = at.flatMap((one) => below(one, step)).flatMap((one) => choices(one, root));
  return at;
}

function below({ properties = {}, patternProperties = {}, items }: Schema, step: string): Schema[] {
  if (step === '[]') return items === undefined ? [] : [items];
  const own = Object.hasOwn(properties, step) ? properties[step] : undefined;
  if (own !== undefined) return [own];
  return Object.entries(patternProperties)
    .filter(([pattern]) => pattern !== '^x-' && new RegExp(pattern).test(step))
    .map(([, schema]) => schema);
}

function choices(schema: Schema, root: Schema, depth = 0): Schema[] {
  if (depth > 8) return [];
  const { $ref, oneOf = [], anyOf = [] } = schema;
  const target = $ref === undefined ? undefined : root.definitions?.[$ref.replace('#/definitions/', '')];
  const all = [...(target === undefined ? [] : [target]), ...oneOf, ...anyOf];
  return [schema, ...all.flatMap((one) => choices(one, root, depth + 1))];
}
