import { parseIp } from '../../model/ip.ts';
import { normalMac } from '../../model/mac.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';

/**
 * What engines refuse only when a container is made, or when it is stopped: told here, with its place in the file. Each of
 * them gives the text, or undefined where there is none that could be taken.
 */
type Rule = (reader: Reader) => string | undefined;

function rule(holds: (text: string) => boolean, what: string): Rule {
  return (reader) => {
    const { text } = reader;
    if (text === undefined || text === '' || holds(text)) return text;
    return reader.error(`${quoted(text)} is ${what}`);
  };
}

/** Signals by name or number (signal(7)); real-time ones count from either end. */
const SIGNAL =
  /^(?:\d{1,2}|(?:SIG)?(?:HUP|INT|QUIT|ILL|TRAP|ABRT|IOT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CLD|CONT|STOP|TSTP|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|POLL|PWR|SYS|RTMIN(?:\+\d{1,2})?|RTMAX(?:-\d{1,2})?))$/i;

/** cpuset(7): `0-3,5`. */
const CPUS = /^\d{1,4}(?:-\d{1,4})?(?:,\d{1,4}(?:-\d{1,4})?)*$/;

/** distribution: reference/regexp.go; an ID of an image is a reference as well. */
const REFERENCE =
  /^(?:(?:localhost|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/;
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;

export const imageName = rule(
  (text) => text.length <= 1024 && (REFERENCE.test(text) || IMAGE_ID.test(text)),
  'no name of an image: write [REGISTRY/]NAME[:TAG], the name in lower case',
);
export const signalName = rule((text) => SIGNAL.test(text), 'no signal: write one such as SIGTERM or 15');
export const cpuList = rule((text) => CPUS.test(text), 'no list of CPUs: write one such as 0-3,5');
export const ipAddress = rule((text) => parseIp(bare(text)) !== undefined, 'no address');
export const macAddress = rule(
  (text) => normalMac(text) !== undefined,
  'no MAC address of one container: write one such as 02:42:ac:11:00:02',
);
export const absolutePath = rule((text) => text.startsWith('/'), 'no absolute path in the container');

/** IPv6 addresses may be in brackets. */
function bare(text: string): string {
  return text.replace(/^\[|\]$/g, '');
}

/** `host-gateway` stands for the host (docker run, --add-host). */
export const hostAddress = rule(
  (text) => text === 'host-gateway' || parseIp(bare(text)) !== undefined,
  'no address of a host',
);

/** Docker's rule for volumes (moby: volume/local, volumeNameRegex). */
export const volumeName = rule(
  (text) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text),
  'no name of a volume: letters, digits, - _ and ., at the beginning a letter or digit',
);
