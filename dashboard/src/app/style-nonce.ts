/** The number by which this answer's Content-Security-Policy lets in styles that are made at run time. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';
}
