import { request } from 'node:http';

export type SocketAnswer = Readonly<{ status: number; text: string }>;

/** `GET path` on a unix socket. Rejects where nobody answers within 10 s. */
export function askSocket(socketPath: string, path: string): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path, agent: false, signal: AbortSignal.timeout(10_000) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
