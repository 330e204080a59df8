import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LabError } from '../lab/run.ts';
import { debianKernel, type Kernel } from './debian-kernel.ts';
import type { Answer, Question } from './guest/protocol.ts';
import { makeInitramfs } from './guest-files.ts';

/** It takes 6 s on two quiet cores. */
const BOOT_MS = 120_000;
const BOOT_TRIES = 3;
/** Also where this process is killed: longer than all tests take, seconds. */
const LIFE_S = 3_600;
const CONSOLE_LINES = 40;

/** A virtual machine with a kernel that is not this machine's, emulated (no /dev/kvm is needed), which runs the tests of `guest/`. */
export class GuestMachine {
  private readonly waiting = new Map<string, (answer: Answer) => void>();
  private readonly ended: Promise<unknown>;
  /** False where it hangs, has ended, or cannot run any other test. */
  usable = true;

  private constructor(
    private readonly qemu: ChildProcess,
    private readonly folder: string,
    readonly kernel: string,
  ) {
    this.ended = once(qemu, 'exit');
    createInterface({ input: qemu.stdout ?? process.stdin }).on('line', (line) => this.heard(line));
  }

  /** @throws LabError with the end of the guest's console where it does not come up, three times */
  static async boot(): Promise<GuestMachine> {
    const folder = mkdtempSync(join(tmpdir(), 'berth-kernel-'));
    try {
      const kernel = await debianKernel();
      const initramfs = await makeInitramfs(kernel, folder);
      for (let tries = 1; ; tries++) {
        const guest = new GuestMachine(start(kernel, initramfs, folder), folder, kernel.release);
        try {
          await guest.answer({ suite: '', name: '' }, BOOT_MS);
          return guest;
        } catch (thrown) {
          await guest.end();
          if (tries === BOOT_TRIES) throw thrown;
        }
      }
    } catch (thrown) {
      rmSync(folder, { recursive: true, force: true });
      throw thrown;
    }
  }

  /** Runs one test in the guest. @throws LabError with what it said where it fails, or with the console where it hangs */
  async run(question: Question, timeoutMs: number): Promise<void> {
    const { error } = await this.answer(question, timeoutMs, () =>
      this.qemu.stdin?.write(`${JSON.stringify(question)}\n`),
    );
    if (error !== undefined) throw new LabError(error);
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answer(question: Question, timeoutMs: number, ask = () => {}): Promise<Answer> {
    const key = keyOf(question);
    this.usable = false;
    let timer: NodeJS.Timeout | undefined;
    const failed = (what: string) =>
      new LabError(`the guest ${what} (${key}); its console:\n${this.consoleEnd()}`);
    try {
      return await new Promise<Answer>((done, refuse) => {
        this.waiting.set(key, (answer) => {
          this.usable = answer.broken !== true;
          done(answer);
        });
        timer = setTimeout(() => refuse(failed(`has not answered within ${timeoutMs / 1000} s`)), timeoutMs);
        this.ended.then(() => refuse(failed('has ended')), refuse);
        ask();
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(key);
    }
  }

  private heard(line: string): void {
    const at = line.indexOf('{');
    if (at < 0) return;
    const answer = JSON.parse(line.slice(at)) as Answer;
    this.waiting.get(keyOf(answer))?.(answer);
  }

  private consoleEnd(): string {
    return readFileSync(join(this.folder, 'console'), 'utf8').split('\n').slice(-CONSOLE_LINES).join('\n');
  }

  /** `timeout` passes the signal on, and kills what does not heed it. */
  private async end(): Promise<void> {
    if (this.qemu.exitCode === null && this.qemu.signalCode === null) this.qemu.kill('SIGTERM');
    await this.ended;
  }
}

const keyOf = ({ suite, name }: Question) => `${suite}: ${name}`;

function start({ image }: Kernel, initramfs: string, folder: string): ChildProcess {
  const consoleFile = join(folder, 'console');
  // the self-tests of ciphers take long where everything is emulated
  const words = [
    'console=ttyS0',
    'quiet',
    'panic=-1',
    'cryptomgr.notests',
    `berth.node=${process.execPath}`,
    'end',
  ];
  return spawn(
    'setpriv',
    [
      // the end of this process is a signal for `timeout`, which passes it on
      ...['--pdeathsig=TERM', 'timeout', '--kill-after=5', String(LIFE_S)],
      ...['qemu-system-x86_64', '-nodefaults', '-no-reboot'],
      ...['-machine', 'q35', '-cpu', 'max', '-accel', 'tcg,thread=multi', '-smp', '1', '-m', '1G'],
      ...['-display', 'none', '-serial', `file:${consoleFile}`],
      ...['-chardev', 'stdio,id=tests,signal=off', '-serial', 'chardev:tests'],
      ...['-kernel', image, '-initrd', initramfs, '-append', words.join(' ')],
    ],
    // it says by which signal it was ended
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
}
