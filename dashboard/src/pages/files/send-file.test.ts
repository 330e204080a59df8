import { afterEach, expect, it, vi } from 'vitest';
import { onLoggedOut } from '../../cluster/client.ts';
import { sendFile } from './send-file.ts';

afterEach(() => vi.unstubAllGlobals());

/** A manager that answers so. */
function answering(status: number, responseText: string) {
  vi.stubGlobal(
    'XMLHttpRequest',
    class {
      readonly upload = {};
      readonly status = status;
      readonly responseText = responseText;
      onload: () => void = () => undefined;
      open() {}
      setRequestHeader() {}
      abort() {}
      send() {
        // As in a browser: what it throws, nobody catches.
        try {
          this.onload();
        } catch {}
      }
    },
  );
  const target = { container: 'c1', path: '/data', name: 'a', replace: false };
  return sendFile(target, new Blob(['1']), new AbortController().signal, () => undefined);
}

it('tells at once that nobody is logged in any more, and does not tell it again', async () => {
  let told = 0;
  const end = onLoggedOut(() => told++);
  const body = JSON.stringify({ code: 'unauthenticated', message: 'log in' });
  await expect(answering(401, body)).rejects.toThrow();
  await expect(answering(409, '{}')).rejects.toThrow('status 409');
  end();
  expect(told).toBe(1);
});

it('fails where the answer is none of a manager’s', async () => {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('nothing came of it')), 500));
  await expect(Promise.race([answering(200, '<html>'), late])).rejects.toThrow('JSON');
  await expect(Promise.race([answering(200, '{}'), late])).rejects.not.toThrow('nothing came of it');
});
