/** So many are named; more are counted. */
const NAMED = 5;

/** What several things of a kind say in the same words, once. */
export type SaidBy = Readonly<{
  /** `host h1`, `hosts h1, h2`, or `hosts h1, h2, h3, h4, h5 and 995 more`. */
  who: string;
  many: boolean;
  text: string;
  /** Those that are named. */
  names: readonly string[];
  count: number;
}>;

/** Those that say the same are one line; things by name, lines by their first thing. @param noun of one, such as `host` */
export function saidBy(
  noun: string,
  all: Iterable<readonly [name: string, text: string]>,
): readonly SaidBy[] {
  const byText = new Map<string, string[]>();
  for (const [name, text] of [...all].sort(([a], [b]) => BY_NAME.compare(a, b))) {
    const names = byText.get(text);
    if (names === undefined) byText.set(text, [name]);
    else names.push(name);
  }
  return [...byText].map(([text, all]) => {
    const names = all.slice(0, NAMED);
    const many = all.length > 1;
    const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
    return {
      who: `${noun}${many ? 's' : ''} ${names.join(', ')}${more}`,
      many,
      text,
      names,
      count: all.length,
    };
  });
}

const BY_NAME = new Intl.Collator('en', { numeric: true });
