/**
 * One word of HAProxy's configuration, whatever is in it (configuration.txt, section 2.2): in double quotes, in which `\`,
 * `"` and `$` are escaped, and everything that is not printable ASCII as its bytes.
 */
export function word(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  let quoted = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte > 0x7e) quoted += `\\x${byte.toString(16).padStart(2, '0')}`;
    else quoted += /[\\"$]/.test(character) ? `\\${character}` : character;
  }
  return `"${quoted}"`;
}

/** Text as a log-format string (section 8.2.4), which says just that. */
export function literal(text: string): string {
  return text.replaceAll('%', '%%');
}

/** Text as a regular expression that matches just that. */
export function pattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
