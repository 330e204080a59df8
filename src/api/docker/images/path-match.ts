import { imageRepository } from '../../../scheduler/image-ref.ts';

/**
 * Docker's `reference` filter (distribution's `reference.FamiliarMatch`): Go's `path.Match` against the whole name, or
 * against the repository alone.
 */
export function familiarMatch(pattern: string, name: string): boolean {
  return pathMatch(pattern, name) || pathMatch(pattern, imageRepository(name));
}

/** Go's `path.Match`: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]` are classes, `\` takes the next as it is. */
export function pathMatch(pattern: string, text: string): boolean {
  // The place after the last star, to go back to: without recursion it takes pattern × text steps at most.
  let starAt = -1;
  let retryAt = 0;
  let p = 0;
  let t = 0;
  while (t < text.length) {
    const step = p < pattern.length ? one(pattern, p, text[t] ?? '') : undefined;
    if (pattern[p] === '*') {
      starAt = p++;
      retryAt = t;
    } else if (step !== undefined) {
      p = step;
      t++;
    } else if (starAt >= 0 && text[retryAt] !== '/') {
      p = starAt + 1;
      t = ++retryAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Where the pattern goes on after matching one character; undefined where it does not match. */
function one(pattern: string, at: number, char: string): number | undefined {
  const first = pattern[at];
  if (first === '?') return char === '/' ? undefined : at + 1;
  if (first === '\\') return pattern[at + 1] === char ? at + 2 : undefined;
  if (first !== '[') return first === char ? at + 1 : undefined;
  const negated = pattern[at + 1] === '^';
  let i = at + (negated ? 2 : 1);
  let inside = false;
  for (let count = 0; ; count++) {
    if (i >= pattern.length) return undefined;
    if (pattern[i] === ']' && count > 0) break;
    if (pattern[i] === '\\') i++;
    const low = pattern[i++] ?? '';
    let high = low;
    if (pattern[i] === '-') {
      high = pattern[i + 1] ?? '';
      i += 2;
    }
    if (low <= char && char <= high) inside = true;
  }
  return inside !== negated && char !== '/' ? i + 1 : undefined;
}
