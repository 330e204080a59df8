type Env = Readonly<Record<string, string | undefined>>;

/**
 * How the user calls this program: `berth`, or what the launcher of a checkout was called by (`./berth`), which it tells
 * in BERTH_PROGRAM. Commands that are printed are to work as they are printed.
 */
export function programOf(env: Env): string {
  return env.BERTH_PROGRAM || 'berth';
}

/** Commands within a text, as the user would type them: `"berth up"` becomes `"./berth up"`. */
export function asTyped(text: string, env: Env): string {
  return text.replace(/(?<=["`(])berth(?= [a-z-])/g, () => programOf(env));
}
