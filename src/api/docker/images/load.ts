import type { Readable } from 'node:stream';
import { BerthError, messageOf } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import type { HostRef } from '../fanout.ts';
import { ask, engineHeaders, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { imageHosts } from './image-hosts.ts';
import { ProgressWriter } from './json-stream.ts';
import { mergeProgress } from './merge-progress.ts';
import { tee } from './tee.ts';

/** `POST /images/load`: one upload to all hosts that the settings name, at the pace of the slowest. */
export async function loadImages(call: DockerCall): Promise<void> {
  const hosts = imageHosts(call);
  await loadOn(call, hosts, call.req, engineHeaders(call), new ProgressWriter(call.res));
  call.res.end();
}

/** Loads one tar on several hosts; a host that is lost on the way is named in the stream and the others go on. */
export async function loadOn(
  call: DockerCall,
  hosts: readonly HostRef[],
  body: Readable,
  headers: Readonly<Record<string, string>>,
  writer: ProgressWriter,
): Promise<void> {
  // The query of an import is not one of a load.
  const query = call.path === '/images/load' ? call.query : new URLSearchParams({ quiet: '1' });
  const path = enginePath(call, '/images/load', query);
  const { branches, finished } = tee(body, hosts.length);
  const merged = mergeProgress(
    call,
    hosts,
    async (host) => {
      const branch = branches[hosts.indexOf(host)];
      if (branch === undefined) throw new Error('a host without a branch');
      try {
        const answer = await ask(call, host.id, {
          method: 'POST',
          path,
          headers,
          body: branch,
          signal: call.signal,
        });
        // An engine that has said all without reading all must not hold the others up.
        answer.body.once('close', () => branch.destroy());
        return answer;
      } catch (thrown) {
        branch.destroy();
        throw thrown;
      }
    },
    writer,
  );
  const [outcome, upload] = await Promise.allSettled([merged, finished]);
  if (outcome.status === 'fulfilled') {
    await observe(
      call,
      outcome.value.done.map(({ id }) => id),
      'observedImages',
    );
    return;
  }
  // What broke the upload is the cause of what the hosts then said.
  if (upload.status === 'rejected' && outcome.reason instanceof BerthError && !writer.hasBegun) {
    throw new BerthError('bad_request', messageOf(upload.reason));
  }
  throw outcome.reason;
}
