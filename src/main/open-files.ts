import { readFileSync } from 'node:fs';

/** Beyond this a port's connections cost more memory than a manager should give to those who do nothing. */
const MOST = 8192;
const LEAST = 64;
/** The limit of a process where the system does not tell. */
const USUAL = 1024;

/**
 * How many connections each port may keep, so that all of them together (API and Docker endpoint, each with TLS and as
 * a socket, and strangers on the agents' port) leave file descriptors for hosts, streams and files.
 */
export function connectionsPerPort(limit = openFiles()): number {
  return Math.max(LEAST, Math.min(MOST, Math.floor(limit / 8)));
}

/** How many file descriptors this process may have. Node raises its limit to the highest that is allowed. */
function openFiles(): number {
  try {
    const line = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line?.[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line?.[1] ?? USUAL);
  } catch {
    return USUAL;
  }
}
