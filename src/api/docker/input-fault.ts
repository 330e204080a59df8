import { BerthError, messageOf } from '../../kit/errors.ts';

const ARCHIVE = 'send a whole tar archive';
/** What an engine answers 500 to though the client's input is at fault, and what the client can do about it. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/^invalid reference format/, 'names are lower case, such as registry:5000/app:1'],
  [/^unexpected EOF$|processing tar file|archive\/tar: |invalid tar header|gzip: invalid header/, ARCHIVE],
  [/^open \S+\/docker-import-\d+\/repositories: no such file or directory/, ARCHIVE],
  [/^Cannot locate specified Dockerfile/, 'put it into the build context, or name it (docker build -f)'],
  [
    /^could not parse filters|^json: cannot unmarshal|^invalid character /,
    'filters are a JSON object of lists',
  ],
  [/^strconv\.\w+: parsing /, 'give a whole number'],
];

/** The engine's refusal, as the client's fault where it is one: the status is 400 then, the words are the engine's. */
export function asInputFault(thrown: unknown): unknown {
  return isEngineFailure(thrown) ? inputFault(thrown) : thrown;
}

/** As `asInputFault`, of an engine's refusal. */
export function inputFault(refusal: BerthError): BerthError {
  if ((refusal.status ?? 500) < 500) return refusal;
  const message = messageOf(refusal);
  const found = FAULTS.find(([fault]) => fault.test(message));
  return found === undefined
    ? refusal
    : new BerthError('bad_request', message, { hint: found[1], cause: refusal });
}

function isEngineFailure(thrown: unknown): thrown is BerthError {
  return thrown instanceof BerthError && thrown.code === 'engine';
}
