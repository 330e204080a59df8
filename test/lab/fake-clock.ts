import { existsSync, mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where Debian's libfaketime has its library, on each architecture. */
const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu', 'arm-linux-gnueabihf', 'i386-linux-gnu'].map(
  (arch) => `/usr/lib/${arch}/faketime/libfaketime.so.1`,
);

/**
 * A wall clock that can be set while the process runs which has `env` in its environment. Its monotonic clock and timers
 * go on as they are, as when a machine's clock is set.
 */
export class FakeClock {
  readonly env: Readonly<Record<string, string>>;

  /** @param file by which it is set; made here */
  constructor(private readonly file: string) {
    const library = LIBRARIES.find((one) => existsSync(one));
    if (library === undefined)
      throw new Error(`no libfaketime in ${LIBRARIES.join(', ')}: install libfaketime`);
    mkdirSync(dirname(file), { recursive: true });
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
    this.jumpTo(0);
  }

  /** So far from the true time; seconds. */
  jumpTo(seconds: number): void {
    const next = `${this.file}.next`;
    writeFileSync(next, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);
    utimesSync(next, new Date(), new Date());
    renameSync(next, this.file);
  }
}
