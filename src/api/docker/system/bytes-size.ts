const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Bytes as Docker writes them (go-units, `BytesSize`): four significant digits, `1.944GiB`. */
export function bytesSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  // Go's %.4g goes over to exponents from five digits before the point on; 1023.99 stays as it is.
  return `${Number(size.toPrecision(4))}${UNITS[unit]}`;
}
