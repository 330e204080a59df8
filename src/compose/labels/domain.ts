const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
/** A name that URL would read as an address (WHATWG URL, "ends in a number"). */
const NUMERIC_END = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;

/**
 * A domain in lower case, internationalised names in Punycode; the first label may be `*`.
 * @returns `name`, or `problem`: what is wrong, in words that go behind the name
 */
export function parseDomain(text: string): Readonly<{ name: string }> | Readonly<{ problem: string }> {
  if (!/^(?:\*\.)?[\p{L}\p{N}\p{M}.-]+$/u.test(text))
    return { problem: 'is no domain: letters, digits, - and dots, with *. only at the beginning' };
  const [wild, rest] = text.startsWith('*.') ? ['*.', text.slice(2)] : ['', text];
  const name = ascii(rest.toLowerCase());
  if (name === undefined || !name.split('.').every((label) => LABEL.test(label)))
    return {
      problem:
        'is no domain: each part has 1 to 63 letters, digits and -, and neither begins nor ends with -',
    };
  if (NUMERIC_END.test(name)) return { problem: 'is an address or ends in a number: routes have names' };
  if (wild.length + name.length > 128) return { problem: 'is longer than 128 characters' };
  return { name: wild + name };
}

function ascii(name: string): string | undefined {
  // What says that it is Punycode has to be some.
  if (/^[\x21-\x7e]*$/.test(name) && !/(?:^|\.)xn--/.test(name)) return name;
  try {
    return new URL(`http://${name}/`).hostname;
  } catch {
    return undefined;
  }
}
