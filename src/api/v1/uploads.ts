import { DRAFT_PREFIX } from '../../contract/container-files.ts';
import { BerthError } from '../../kit/errors.ts';
import { changeTarget } from './change-target.ts';
import type { Handler } from './handler.ts';

/** How many files a user may send at a time, and how many all may: each takes some megabytes and a connection. */
const MOST_OF_USER = 4;
const MOST = 32;
/** How often it is looked whether who sends may still do so, milliseconds. */
const LOOK_MS = 15_000;
/** How long a host may take to write what has not left yet when all has come, milliseconds. */
const END_MS = 120_000;

/** Files for containers, passed on as they come: none is in this process's memory. */
export function newUploads(): Handler<'container.upload'> {
  /** Users, once for each file. */
  const under: string[] = [];
  return async ({ deps, params: { container }, query, principal: { user }, sent, stillAllowed, about }) => {
    const { path, name, replace = false } = query;
    const who = deps.store.view((tx) => changeTarget(tx, { container }));
    const asked = `${who}: ${path.replace(/\/+$/, '')}/${name}`;
    about(asked);
    const own = under.filter((one) => one === user).length;
    if (own >= MOST_OF_USER || under.length >= MOST)
      throw new BerthError(
        'too_many_requests',
        own >= MOST_OF_USER
          ? `user ${user} is sending ${own} files already`
          : `all users together are sending ${under.length} files already`,
        { hint: 'try again when one of them is there' },
      );
    const stop = new AbortController();
    const look = setInterval(() => {
      if (!stillAllowed())
        stop.abort(
          new BerthError('forbidden', 'your session has ended, or you may not do this any more', {
            hint: 'nothing was changed: log in, and send it again',
          }),
        );
    }, LOOK_MS).unref();
    let end: NodeJS.Timeout | undefined;
    sent.once('end', () => {
      const text = `the host has not written the last of ${name} within ${END_MS / 1000} s`;
      end = setTimeout(() => stop.abort(new BerthError('timeout', text)), END_MS).unref();
    });
    under.push(user);
    try {
      const place = { folder: path, name, replace };
      const stored = await deps.containers.upload(container, place, sent, stop.signal);
      about(`${who}: ${stored.path}, ${stored.size} bytes`);
      return stored;
    } catch (thrown) {
      if (sent.size > 0) about(`${asked}, ended after ${sent.size} bytes`);
      throw sent.failure ?? withTrace(thrown, path);
    } finally {
      clearInterval(look);
      clearTimeout(end);
      under.splice(under.indexOf(user), 1);
    }
  };
}

/** An agent takes away what it has begun; one that was killed cannot. */
function withTrace(thrown: unknown, folder: string): unknown {
  if (!(thrown instanceof BerthError) || thrown.code !== 'host_down') return thrown;
  const left = `where its agent was killed, a file ${DRAFT_PREFIX}… may be left in ${folder}`;
  return new BerthError('host_down', thrown.message, {
    hint: thrown.hint === undefined ? left : `${thrown.hint}; ${left}`,
    cause: thrown,
  });
}
