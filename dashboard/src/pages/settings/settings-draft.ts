import type { SettingsAnswer } from '../../../../src/contract/v1/cluster.ts';
import { routes } from '../../../../src/contract/v1/routes.ts';

export type SettingsValues = SettingsAnswer['settings'];
export type SettingKey = keyof SettingsValues;
type Value = SettingsValues[SettingKey];
type SettingsPatch = { [K in SettingKey]?: SettingsValues[K] | null };
/** What was typed: a text, or what was chosen of true and false. Lists are a line each. */
export type Draft = Readonly<Partial<Record<SettingKey, string | boolean>>>;

/** How a setting is typed, by its schema. */
export type FieldKind = 'text' | 'number' | 'flag' | 'list';

const schemas = routes['settings.patch'].body.shape;
/** Every setting that the manager has. */
export const SETTING_KEYS = Object.keys(schemas) as SettingKey[];
/** As it is where nobody has set anything. */
export const DEFAULTS: SettingsValues = routes['settings.get'].answer.schema.shape.settings.parse({});

type Def = Readonly<{ type: string; innerType?: Readonly<{ def: Def }> }>;

export function kindOf(key: SettingKey): FieldKind {
  let def = schemas[key].def as unknown as Def;
  while (def.innerType !== undefined) def = def.innerType.def as Def;
  if (def.type === 'number') return 'number';
  if (def.type === 'boolean') return 'flag';
  return def.type === 'array' ? 'list' : 'text';
}

/** As it stands in its field. */
export function fieldOf(value: Value): string | boolean {
  if (typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** What was typed, as the manager takes it; null, the default, for a number that is empty. */
export function typedValue(key: SettingKey, typed: string | boolean): Value | null {
  if (typeof typed === 'boolean') return typed;
  switch (kindOf(key)) {
    case 'number':
      return typed.trim() === '' ? null : Number(typed);
    case 'list':
      return typed
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
    default:
      return key === 'acmeRoot' ? typed : typed.trim();
  }
}

/** What is wrong with what was typed, as far as the page can say; the manager looks again. */
export function problemOf(key: SettingKey, typed: string | boolean): string | undefined {
  const value = typedValue(key, typed);
  if (typeof value === 'number' && Number.isNaN(value)) return `"${String(typed)}" is not a number`;
  const checked = schemas[key].safeParse(value);
  return checked.success ? undefined : checked.error.issues[0]?.message;
}

/** What is to be changed, for `settings.patch`: of what was typed that which is not so already. */
export function patchOf(draft: Draft, base: SettingsValues): SettingsPatch {
  const patch: Partial<Record<SettingKey, Value | null>> = {};
  for (const key of SETTING_KEYS) {
    const typed = draft[key];
    if (typed === undefined || typed === fieldOf(base[key])) continue;
    patch[key] = typedValue(key, typed);
  }
  // Each was read by the schema of its own key.
  return patch as SettingsPatch;
}

export type Difference = Readonly<{ key: SettingKey; before: string; after: string }>;

/** What somebody else has changed. */
export function differences(before: SettingsValues, after: SettingsValues): readonly Difference[] {
  return SETTING_KEYS.flatMap((key) => {
    const [was, is] = [settingText(before[key]), settingText(after[key])];
    return was === is ? [] : [{ key, before: was, after: is }];
  });
}

/** On one line, as `berth settings set` takes it. */
export function settingText(value: Value | null): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(',') : String(value);
}
