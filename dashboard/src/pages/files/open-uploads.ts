import { sendFile } from './send-file.ts';
import { isUnderWay, Uploads } from './uploads.ts';

let open: Readonly<{ user: string; uploads: Uploads }> | undefined;

/** Files that whoever has logged in is sending, which outlive a walk to another page. The browser asks before it leaves them. */
export function uploadsOf(user: string): Uploads {
  if (open?.user === user) return open.uploads;
  const before = open?.uploads;
  // Not while a page that shows them is drawn.
  queueMicrotask(() => before?.drop());
  const uploads = new Uploads(sendFile);
  uploads.subscribe(() => {
    if (uploads.snapshot().some(isUnderWay)) window.addEventListener('beforeunload', ask);
    else window.removeEventListener('beforeunload', ask);
  });
  open = { user, uploads };
  return uploads;
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
