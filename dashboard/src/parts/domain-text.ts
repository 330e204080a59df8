/** Labels of internationalised names, wherever they stand in a text. */
const PUNYCODE = /(?<![\p{L}\p{N}-])xn--[a-z0-9-]+/giu;

/** Scripts that one label may have beside each other, as people write them (UTS 39, "Highly Restrictive"). */
const TOGETHER = [
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}0-9ー・-]+$/u,
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Bopomofo}0-9-]+$/u,
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Hangul}0-9-]+$/u,
  /^[\p{Script=Cyrillic}0-9-]+$/u,
  /^[\p{Script=Greek}0-9-]+$/u,
  /^[\p{Script=Thai}0-9-]+$/u,
  /^[\p{Script=Devanagari}0-9-]+$/u,
];
/** Cyrillic and Greek letters that look like Latin ones: a label that has no others is one to be taken in by. */
const LOOK_LATIN = /^[аьӏсԁеԍһіјкмԛпорѕтгухԝԻвнꙅαικνορτυχγωεη0-9-]+$/u;
/** Of Latin the letters that languages are written with: ı, ɑ and ɡ are taken for i, a and g. */
const ODD_LATIN = /[ıĸŀŉſ]|(?=\p{Script=Latin})[^a-z\u00df-\u017f\u1e00-\u1eff]/u;
/** Letters of the other scripts that look like a dot, a slash or a dash, or like no letter at all. */
const LOOK_SIGN = /[ー・ノ丶丿一二三〇ㅡ]/u;

/**
 * A text with the domains in it as people write them: `bücher.example` for `xn--bcher-kva.example`. A label that might be taken for
 * another one (mixed scripts, Latin look-alikes), and one that is written from right to left, stays in Punycode.
 */
export function domainText(text: string): string {
  if (!/xn--/i.test(text)) return text;
  return text.replace(PUNYCODE, (label) => {
    const decoded = decodedLabel(label);
    return decoded !== undefined && isPlain(decoded) ? decoded : label;
  });
}

/** What `domainText` shows, and the other way to write it, for who wants to know exactly; undefined where there is none. */
export function domainTitle(text: string): string | undefined {
  if (!/xn--/i.test(text)) return undefined;
  const shown = domainText(text);
  const decoded = text.replace(PUNYCODE, (label) => decodedLabel(label) ?? label);
  const all = [...new Set([shown, text, decoded])];
  return all.length === 1 ? undefined : all.join(' · ');
}

function isPlain(label: string): boolean {
  if (LOOK_LATIN.test(label) || ODD_LATIN.test(label)) return false;
  const isMixed = /\p{Script=Latin}/u.test(label);
  // Between Latin letters a sign of another script may be meant to be one of punctuation.
  if (isMixed && LOOK_SIGN.test(label)) return false;
  return TOGETHER.some((one) => one.test(label));
}

/** Undefined where it is none, or not the one way to write what it is. */
function decodedLabel(label: string): string | undefined {
  const ascii = label.toLowerCase();
  const decoded = decode(ascii.slice('xn--'.length));
  if (decoded === undefined) return undefined;
  try {
    return new URL(`http://${decoded}.x`).hostname === `${ascii}.x` ? decoded : undefined;
  } catch {
    return undefined;
  }
}

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const MOST = 0x10ffff;

/** RFC 3492, 6.2: no browser has it for pages. */
function decode(input: string): string | undefined {
  const basic = Math.max(0, input.lastIndexOf('-'));
  const output = [...input.slice(0, basic)].map((char) => char.charCodeAt(0));
  let [n, i, bias] = [128, 0, 72];
  for (let at = basic > 0 ? basic + 1 : 0; at < input.length; ) {
    const before = i;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = digitOf(input.charCodeAt(at++));
      if (digit === undefined) return undefined;
      i += digit * weight;
      const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias));
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (i > MOST * 256) return undefined;
    }
    const count = output.length + 1;
    bias = adapted(i - before, count, before === 0);
    n += Math.floor(i / count);
    i %= count;
    if (n > MOST) return undefined;
    output.splice(i++, 0, n);
  }
  return String.fromCodePoint(...output);
}

/** `a` to `z` are 0 to 25, `0` to `9` are 26 to 35; undefined behind the end, too. */
function digitOf(code: number): number | undefined {
  if (code >= 97 && code <= 122) return code - 97;
  return code >= 48 && code <= 57 ? code - 48 + 26 : undefined;
}

function adapted(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / count);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
