/** Rows of numbers as they travel: 32-bit floats, the low byte first, in base64; NaN is what is not known. */
export function packRows(rows: readonly (readonly number[])[]): string {
  const numbers = rows.flat();
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, i) => {
    bytes.writeFloatLE(number, i * 4);
  });
  return bytes.toString('base64');
}

/** What is not finite is not known either. @returns undefined where they are not whole rows of that width */
export function unpackRows(text: string, width: number): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % (4 * width) !== 0) return undefined;
  const numbers = new Float32Array(bytes.length / 4);
  for (let i = 0; i < numbers.length; i++) {
    const number = bytes.readFloatLE(i * 4);
    numbers[i] = Number.isFinite(number) ? number : Number.NaN;
  }
  return numbers;
}
