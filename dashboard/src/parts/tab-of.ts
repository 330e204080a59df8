/** What the address of a page with tabs says: the one that is chosen, but for the first, which is shown without. */
export function tabOf<T extends string>(tabs: readonly T[], value: unknown): { tab?: T } {
  const found = tabs.find((one) => one === value);
  return found === undefined || found === tabs[0] ? {} : { tab: found };
}
