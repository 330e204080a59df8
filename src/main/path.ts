/** The folders in which programs are looked for. */
export function pathOf(): string {
  return process.env.PATH ?? '';
}
