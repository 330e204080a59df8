/** A container, and the containers (by ID) whose host is the only one that will do for it. */
export type Following = Readonly<{ id: string; from: string; follows?: readonly string[] }>;

/**
 * Containers that go together: those on one host which follow each other, directly or by others between them. One that
 * follows nobody and is followed by nobody is alone. In the order in which their first members are given.
 */
export function groupsOf<T extends Following>(containers: readonly T[]): readonly (readonly T[])[] {
  const known = new Map(containers.map((one) => [one.id, one]));
  const parents = new Map<string, string>();
  const root = (id: string): string => {
    let at = id;
    for (let next = parents.get(at); next !== undefined; next = parents.get(at)) at = next;
    return at;
  };
  for (const { id, from, follows = [] } of containers)
    for (const leader of follows) {
      if (known.get(leader)?.from !== from) continue;
      const [a, b] = [root(id), root(leader)];
      if (a !== b) parents.set(a, b);
    }
  const groups = new Map<string, T[]>();
  for (const one of containers) groups.set(root(one.id), [...(groups.get(root(one.id)) ?? []), one]);
  return [...groups.values()];
}
