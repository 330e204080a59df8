import type { containerFileRoutes } from '../../contract/v1/container-files.ts';
import { BerthError } from '../../kit/errors.ts';
import { hashSecret, newSecret } from '../auth/secrets.ts';
import { changeTarget } from './change-target.ts';
import type { ContainerDownload } from './container-hands.ts';
import type { Handlers } from './handler.ts';
import { newUploads } from './uploads.ts';

/** How long a ticket may be used, milliseconds; and how many there may be. */
const TICKET_MS = 30_000;
const MOST = 1000;

type Ticket = Readonly<{ container: string; download: ContainerDownload; endsAt: number }>;

export function containerFileHandlers(): Handlers<keyof typeof containerFileRoutes> {
  /** By the hash of their secrets, oldest first. */
  const tickets = new Map<string, Ticket>();
  const uploads = newUploads();
  return {
    'container.files': ({ deps, params, query }) => deps.containers.files(params.container, query.path),

    'container.download': async ({ deps, params, body, about }) => {
      const { container } = params;
      about(`${deps.store.view((tx) => changeTarget(tx, params))}: ${body.path}`);
      const download = await deps.containers.download(container, body.path);
      const now = deps.clock.now();
      for (const [key, { endsAt }] of tickets) if (endsAt <= now || tickets.size >= MOST) tickets.delete(key);
      const ticket = newSecret('');
      tickets.set(hashSecret(ticket), { container, download, endsAt: now + TICKET_MS });
      const { name, size } = download;
      return { ticket, name, ...(size === undefined ? {} : { size }) };
    },

    'container.fetch': async ({ deps, query }) => {
      const key = hashSecret(query.ticket);
      const found = tickets.get(key);
      tickets.delete(key);
      if (found === undefined || found.endsAt <= deps.clock.now())
        throw new BerthError('forbidden', 'this ticket for a download is not known', {
          hint: 'it is good once, for 30 seconds: download it again',
        });
      const { container, download } = found;
      const { size, body } = await deps.containers.fetch(container, download);
      return {
        headers: {
          'content-disposition': disposition(download.name),
          ...(size === undefined ? {} : { 'content-length': String(size) }),
        },
        body,
      };
    },

    'container.upload': uploads,
  };
}

/** With the name in letters that every client knows, and whole (RFC 6266, RFC 8187). */
function disposition(name: string): string {
  const plain = name.replace(/[^\w.-]/g, '_');
  const whole = encodeURIComponent(Buffer.from(name).toString()).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}
