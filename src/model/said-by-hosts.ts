/** What several hosts say in the same words, once. */
export type SaidByHosts = Readonly<{
  /** `host h1`, or `hosts h1, h2`. */
  who: string;
  many: boolean;
  text: string;
}>;

/** Hosts that say the same are one line; hosts by name, lines by their first host. */
export function saidByHosts(all: Iterable<readonly [host: string, text: string]>): readonly SaidByHosts[] {
  const hosts = new Map<string, string[]>();
  for (const [host, text] of [...all].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })))
    hosts.set(text, [...(hosts.get(text) ?? []), host]);
  return [...hosts].map(([text, names]) => {
    const many = names.length > 1;
    return { who: `host${many ? 's' : ''} ${names.join(', ')}`, many, text };
  });
}
