import { BerthError, messageOf } from '../../../kit/errors.ts';

/** What an engine says of an archive or a name that is not one; it answers 500 to that. */
const FAULTS =
  /^invalid reference format|^unexpected EOF$|processing tar file|archive\/tar: |invalid tar header|gzip: invalid header/;

/** The engine's refusal, as the client's fault where it is one: the status is 400 then, the words are the engine's. */
export function asInputFault(thrown: unknown): unknown {
  if (!(thrown instanceof BerthError) || thrown.code !== 'engine' || (thrown.status ?? 500) < 500)
    return thrown;
  const message = messageOf(thrown);
  if (!FAULTS.test(message)) return thrown;
  const isName = message.startsWith('invalid reference format');
  return new BerthError('bad_request', message, {
    hint: isName ? 'names are lower case, such as registry:5000/app:1' : 'send a whole tar archive',
    cause: thrown,
  });
}
