type Around<T, After extends string, Before extends string, Behind extends string> = {
  readonly [K in keyof T & string as `${K}.${After}`]: `${Before}${T[K] & string}${Behind}`;
};

/**
 * The same sentences with words around each. For those which no words of their own hold together: `{+name} {*said}` would be any
 * text, `{+name} was stopped by hand` is one.
 * @param after stands behind the keys
 */
export function around<
  const T extends Readonly<Record<string, string>>,
  const After extends string,
  const Before extends string,
  const Behind extends string,
>(sentences: T, after: After, before: Before, behind: Behind): Around<T, After, Before, Behind> {
  const entries = Object.entries(sentences).map(([key, text]) => [
    `${key}.${after}`,
    `${before}${text}${behind}`,
  ]);
  return Object.fromEntries(entries) as Around<T, After, Before, Behind>;
}
