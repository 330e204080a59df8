import { readdirSync, readFileSync } from 'node:fs';
import { LabError, tryRun } from './run.ts';

/** A secret as it may lie about: plain, and within a longer text in base64, whose letters shift with what is before it. */
function formsOf(secret: string): string[] {
  const inBase64 = [0, 1, 2].map((before) => {
    const whole = Buffer.from('-'.repeat(before) + secret).toString('base64');
    // The letters that also depend on what is before and behind it are left out.
    return whole.slice(Math.ceil((before * 4) / 3), Math.floor(((before + secret.length) * 4) / 3));
  });
  return [secret, ...inBase64, ...inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** Files below a folder that have the secret in them, in one of its forms. */
export async function filesWith(secret: string, folder: string): Promise<string[]> {
  const patterns = formsOf(secret).flatMap((form) => ['-e', form]);
  const { code, stdout, stderr } = await tryRun(['grep', '-rlFas', ...patterns, folder]);
  if (code > 2) throw new LabError(`grep in ${folder}: ${stderr}`);
  return stdout.split('\n').filter(Boolean);
}

/** Command lines and environments of all processes that have the secret in them; where that is what looks for it is left out. */
export function processesWith(secret: string): string[] {
  const forms = formsOf(secret);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`))
    .filter((file) => {
      try {
        const text = readFileSync(file, 'latin1');
        return !text.startsWith('grep\0') && forms.some((form) => text.includes(form));
      } catch {
        return false; // it has ended
      }
    });
}
