import { encode, refusalIn } from '../../../../src/contract/client-over.ts';
import { type StoredFile, storedFileSchema } from '../../../../src/contract/container-files.ts';
import { BerthError } from '../../../../src/contract/page-client.ts';
import { routes } from '../../../../src/contract/v1/routes.ts';
import { tellLoggedOut } from '../../cluster/client.ts';

/** Where a file goes: a folder of a container, and what it is called there. */
export type Target = Readonly<{ container: string; path: string; name: string; replace: boolean }>;

/**
 * Sends a file as the browser reads it from its disk, of any size. By XMLHttpRequest: `fetch` does not tell how far it is.
 * @param onProgress bytes that have left
 * @throws BerthError what the manager answered; `unavailable` where nobody did
 */
export function sendFile(
  target: Target,
  file: Blob,
  signal: AbortSignal,
  onProgress: (sent: number) => void,
): Promise<StoredFile> {
  const route = routes['container.upload'];
  const { path } = encode(route, target);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(route.method, path);
    // As newPageClient does it: without it the session's cookie does not count.
    request.setRequestHeader('berth-page', '1');
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      const { status, responseText } = request;
      if (status === 401) tellLoggedOut();
      if (status >= 400) return reject(refusalIn(status, responseText));
      // What is thrown here would be heard by nobody, and no other file would be sent.
      try {
        resolve(storedFileSchema.parse(JSON.parse(responseText)));
      } catch (thrown) {
        reject(thrown);
      }
    };
    request.onerror = () =>
      reject(
        new BerthError('unavailable', 'the connection broke off, or the file cannot be read any more', {
          hint: 'what was there before is as it was: send it again',
        }),
      );
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
