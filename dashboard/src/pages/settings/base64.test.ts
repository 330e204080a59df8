import { expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';

it('keeps every byte, and tells text from what is none', () => {
  const text = `${'端口 80 🚢\n'.repeat(9_000)}`;
  expect(fromBase64(toBase64(new TextEncoder().encode(text)))).toBe(text);
  expect(toBase64(new Uint8Array([0, 255, 128]))).toBe('AP+A');
  expect(fromBase64('AP+A')).toBeUndefined();
  expect(fromBase64('')).toBe('');
});
