import { say } from '../../model/said/index.ts';
import { type Checker, type CheckResult, failed, ok } from './check.ts';
import { converse } from './connection.ts';

/** Heads longer than this are no answer; bodies are not read. Bytes. */
const MAX_HEAD = 16 * 1024;

/**
 * Healthy on 2xx and 3xx; redirections are not followed, certificates not checked. Of the answer the status line is read,
 * and nothing behind it.
 */
export const httpCheck: Checker<'http'> = ({ scheme, port, path }, context) =>
  converse(context, { port, tls: scheme === 'https' }, (socket, end) => {
    let head = '';
    socket.on('data', (bytes: Buffer) => {
      head += bytes.toString('latin1');
      const result = judge(head);
      if (result !== undefined) end(result);
    });
    socket.once('end', () => end(strangeAnswer(head)));
    const lines = [
      `GET ${target(path)} HTTP/1.1`,
      `Host: localhost:${port}`,
      'User-Agent: berth-probe',
      'Accept: */*',
      'Connection: close',
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });

/** RFC 9112, 4: the status line; heads of 1xx come before the answer itself. Undefined where more is to come. */
export function judge(head: string): CheckResult | undefined {
  for (let from = 0; ; ) {
    const rest = head.slice(from);
    const line = /^HTTP\/\d(?:\.\d)? (\d{3})(?: ([^\r\n]*))?\r?\n/.exec(rest);
    if (line === null) {
      const strange = rest.includes('\n') || !'HTTP/'.startsWith(rest.slice(0, 5));
      if (strange) return strangeAnswer(rest);
      break;
    }
    const status = Number(line[1]);
    if (status < 100 || status >= 200) {
      const said = `HTTP ${line[1]} ${line[2] ?? ''}`;
      return status >= 200 && status < 400 ? ok(said) : failed(said);
    }
    const blank = /\r?\n\r?\n/.exec(rest);
    if (blank === null) break;
    from += blank.index + blank[0].length;
  }
  return head.length > MAX_HEAD ? failed(say('services.probe.long', { bytes: MAX_HEAD })) : undefined;
}

function strangeAnswer(text: string): CheckResult {
  return failed(say('services.probe.strange', { text: JSON.stringify(text.slice(0, 60)) }));
}

/** Neither blanks nor line breaks of a path end the request line. */
function target(path: string): string {
  const begun = path.startsWith('/') ? path : `/${path}`;
  const escaped = (text: string) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  return begun.replace(/[^\x21-\x7e]+/gu, escaped);
}
