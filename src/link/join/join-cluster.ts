import { request as httpsRequest, type RequestOptions } from 'node:https';
import { CA_PATH, JOIN_PATH, type JoinRequest, joinAnswerSchema } from '../../contract/join.ts';
import { BerthError, ERROR_CODES, type ErrorCode } from '../../kit/errors.ts';
import type { AgentIdentity } from '../agent/agent-identity.ts';
import { dialError } from '../agent/dial-error.ts';
import { readWhole } from '../h2/body.ts';
import { MANAGER_NAME } from '../pki/certificates.ts';
import { newCsr } from '../pki/csr.ts';
import { fingerprintOf } from '../pki/x509.ts';
import { clockRefusal } from './admit-join.ts';
import { parseToken } from './token.ts';

const TIMEOUT = 30_000;
const MAX_ANSWER = 1024 * 1024;

type Answer = Readonly<{ status: number; date: string | undefined; text: string }>;

/**
 * Joins this host to the cluster of `token`. The manager is trusted only where its CA is the one whose hash is in the
 * token; the token is sent after that. The key is made here and never leaves the host.
 * @param options.managerUrl `host:port` or `https://host:port` of the API
 * @returns what to save with `saveAgentIdentity`
 * @throws BerthError with the manager's own words where it refused; `host_down` where it is not reached
 */
export async function joinCluster(
  options: Readonly<{
    managerUrl: string;
    token: string;
    name: string;
    labels: Readonly<Record<string, string>>;
    machineId: string;
    /** This host's clock, milliseconds since the epoch. */
    now: number;
  }>,
): Promise<AgentIdentity> {
  const token = parseToken(options.token);
  const url = managerUrl(options.managerUrl);
  // Not verified yet, and nothing secret in it: what comes back counts only where its hash is the token's.
  const offered = await ask(url, CA_PATH, { method: 'GET', rejectUnauthorized: false });
  const ca = caOf(offered, token.caHash, url.host);
  const managerNow = Date.parse(offered.date ?? '');
  const skew = Number.isNaN(managerNow) ? undefined : clockRefusal(options.now, managerNow);
  if (skew !== undefined) throw skew;

  const { csr, key } = await newCsr(options.name);
  const body: JoinRequest = {
    token: options.token.trim(),
    csr,
    name: options.name,
    labels: { ...options.labels },
    machineId: options.machineId,
    now: options.now,
  };
  const answer = await ask(
    url,
    JOIN_PATH,
    { method: 'POST', ca, servername: MANAGER_NAME },
    JSON.stringify(body),
  );
  if (answer.status !== 200 && answer.status !== 201) throw refusalOf(answer, url.host);
  const parsed = joinAnswerSchema.safeParse(parseJson(answer.text));
  if (!parsed.success) {
    throw new BerthError(
      'internal',
      `the manager at ${url.host} answered the join with something that is no join answer`,
      {
        hint: 'are manager and agent of the same version?',
      },
    );
  }
  const { hostId, hostName, clusterId, certificate, agentPort } = parsed.data;
  return { hostId, hostName, clusterId, key, certificate, ca, managers: [`${url.hostname}:${agentPort}`] };
}

function managerUrl(text: string): URL {
  try {
    const url = new URL(text.includes('://') ? text : `https://${text}`);
    if (url.protocol === 'https:' && url.hostname !== '') return url;
  } catch {
    // Said below, with the text as it was given.
  }
  throw new BerthError('bad_request', `"${text}" is not the address of a manager`, {
    hint: 'write host:port, such as cloud.example.com:8443',
  });
}

function caOf(offered: Answer, caHash: string, host: string): string {
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(offered.text)?.[0];
  if (offered.status !== 200 || pem === undefined) {
    throw new BerthError(
      'bad_request',
      `${host} does not answer like a Berth manager (${CA_PATH}: ${offered.status})`,
      {
        hint: 'give --manager the address of the API, port 8443 unless it was changed',
      },
    );
  }
  if (fingerprintOf(pem) !== caHash) {
    throw new BerthError(
      'forbidden',
      `the manager at ${host} is of another cluster than the token: the hashes of their CAs differ`,
      {
        hint: 'check the address; if it is right, make a token there with "berth token create"',
      },
    );
  }
  return `${pem}\n`;
}

function refusalOf(answer: Answer, host: string): BerthError {
  const said = (parseJson(answer.text) ?? {}) as { code?: unknown; message?: unknown; hint?: unknown };
  const code = (ERROR_CODES as readonly unknown[]).includes(said.code)
    ? (said.code as ErrorCode)
    : 'forbidden';
  const message =
    typeof said.message === 'string' ? said.message : `the manager at ${host} answered ${answer.status}`;
  return new BerthError(code, message, typeof said.hint === 'string' ? { hint: said.hint } : {});
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One request on a connection of its own: what was not verified must not be used again by what is. */
function ask(url: URL, path: string, options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = httpsRequest(
      {
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? 443 : Number(url.port),
        path,
        agent: false,
        minVersion: 'TLSv1.2',
        headers,
        signal: AbortSignal.timeout(TIMEOUT),
        ...options,
      },
      (response) => {
        readWhole(response, MAX_ANSWER).then(
          (bytes) =>
            resolve({
              status: response.statusCode ?? 0,
              date: response.headers.date,
              text: Buffer.from(bytes).toString('utf8'),
            }),
          reject,
        );
      },
    );
    request.on('error', (cause) => reject(dialError(url.host, cause)));
    request.end(body);
  });
}
