/** How many services have a colour of their own. */
export const SERVICE_COLOURS = 12;

/** Of a cell's colour, by its number: four tones, then services, then what belongs to none. */
export const TONES = { good: 0, busy: 1, bad: 2, idle: 3 } as const;
export const FIRST_SERVICE = 4;
export const NO_SERVICE = FIRST_SERVICE + SERVICE_COLOURS;

/** Colours of the theme, as canvas takes them. */
export type Look = Readonly<{
  page: string;
  surface: string;
  line: string;
  strong: string;
  text: string;
  dimmed: string;
  bar: string;
  rest: string;
  used: string;
  accent: string;
  tones: Readonly<Record<keyof typeof TONES, string>>;
  /** By the number of a cell's colour. */
  cells: readonly string[];
  font: string;
}>;

/** @param element where the styles of the page hold */
export function lookOf(element: Element): Look {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  const tones = { good: of('--good'), busy: of('--busy'), bad: of('--bad'), idle: of('--idle') };
  const services = Array.from({ length: SERVICE_COLOURS }, (_, i) => of(`--service-${i}`));
  return {
    page: of('--page'),
    surface: of('--surface'),
    line: of('--line'),
    strong: of('--line-strong'),
    text: style.color,
    dimmed: of('--mantine-color-dimmed'),
    bar: of('--bar'),
    rest: of('--bar-rest'),
    used: of('--used'),
    accent: of('--accent'),
    tones,
    cells: [tones.good, tones.busy, tones.bad, tones.idle, ...services, of('--no-service')],
    font: style.fontFamily,
  };
}

/**
 * Which of the services' colours each has: by its name, so that it keeps it while others come and go, and another one than
 * its neighbours as long as there are enough.
 */
export function serviceColours(names: Iterable<string>): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const colours = new Map<string, number>();
  for (const name of [...new Set(names)].sort()) {
    let slot = hash(name) % SERVICE_COLOURS;
    // Where there are more services than colours, each has as many as any other.
    if (taken.size === SERVICE_COLOURS) taken.clear();
    while (taken.has(slot)) slot = (slot + 1) % SERVICE_COLOURS;
    taken.add(slot);
    colours.set(name, FIRST_SERVICE + slot);
  }
  return colours;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
