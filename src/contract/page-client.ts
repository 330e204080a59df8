import { BerthError, messageOf } from '../kit/errors.ts';
import { type Calls, clientOver } from './client-over.ts';

// All that a page needs of the rooms below: it may import this one alone.
export { BerthError, messageOf } from '../kit/errors.ts';
export { type Role, roleAllows } from '../model/access.ts';
export { networkNames } from '../model/network-names.ts';
export { parseSchedule, SCHEDULE_FORM, scheduleText } from '../model/schedule.ts';
export { fieldChanges } from '../model/stack-diff.ts';
export { volumeNames } from '../model/volume-names.ts';

/** What of `fetch` is used here: there are no types of a browser in this room. */
type Fetch = (
  path: string,
  init: Readonly<{
    method: string;
    headers: Record<string, string>;
    body: string | null;
    signal: AbortSignal | null;
    credentials: 'same-origin';
    cache: 'no-store';
    redirect: 'error';
  }>,
) => Promise<Readonly<{ status: number; body: Readonly<{ getReader(): Reader }> | null }>>;

type Reader = Readonly<{
  read(): Promise<Readonly<{ done: boolean; value?: Uint8Array | undefined }>>;
  cancel(): Promise<unknown>;
}>;

/** Calls from a page that the manager has served, in the name of whoever has logged in there (`session.open`). */
export function newPageClient(fetch: Fetch): Calls {
  return clientOver({
    send: async ({ method, path, headers, body, signal }) => {
      const answer = await fetch(path, {
        method,
        // Without it the session's cookie does not count.
        headers: { ...headers, 'berth-page': '1' },
        body: body ?? null,
        signal: signal ?? null,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
      });
      return { status: answer.status, body: partsOf(answer.body?.getReader()) };
    },
    lost: (thrown) =>
      new BerthError('unavailable', `the manager does not answer: ${messageOf(thrown)}`, {
        hint: 'it is restarting, or the network between is down',
        cause: thrown,
      }),
  });
}

/** Not every browser can iterate over the body itself. */
async function* partsOf(reader: Reader | undefined): AsyncGenerator<Uint8Array> {
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    // Who stops reading in the middle lets the connection go.
    reader.cancel().catch(() => undefined);
  }
}
