import { request } from 'node:http';

/** The status of `GET path` on a unix socket. Rejects where nobody answers within 10 s. */
export function statusAt(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path, agent: false, signal: AbortSignal.timeout(10_000) },
      (answer) => {
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.on('error', reject);
        answer.resume();
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
