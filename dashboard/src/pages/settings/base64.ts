/** Bytes that are given to `fromCharCode` at once: it takes each as an argument. */
const PART = 0x8000;

/** RFC 4648, section 4. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PART)
    text += String.fromCharCode(...bytes.subarray(at, at + PART));
  return btoa(text);
}

/** The text; undefined where the bytes are none in UTF-8. */
export function fromBase64(content: string): string | undefined {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
