/** SGR codes: on, off (ECMA-48, 8.3.117). */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type StyleName = keyof typeof STYLES;
export type Style = (name: StyleName, text: string) => string;

/** Styles text where `enabled`, else leaves it as it is. */
export function newStyle(enabled: boolean): Style {
  if (!enabled) return (_, text) => text;
  return (name, text) => `\x1b[${STYLES[name][0]}m${text}\x1b[${STYLES[name][1]}m`;
}

/**
 * Colours only on a terminal, not on a dumb one, and not against the user's wish (https://no-color.org: NO_COLOR set to
 * anything but the empty string).
 */
export function wantsColor(
  isTTY: boolean,
  env: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean {
  return isTTY && flag !== false && !env.NO_COLOR && env.TERM !== 'dumb';
}
