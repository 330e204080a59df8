import { z } from 'zod';
import { BerthError } from '../../kit/errors.ts';
import { readFileIfThere, writeFileAtomic } from '../pki/files.ts';
import { belongTogether } from '../pki/pki-files.ts';

export const agentIdentitySchema = z.object({
  hostId: z.string().min(1),
  hostName: z.string().min(1),
  clusterId: z.string().min(1),
  /** PEM. */
  key: z.string(),
  certificate: z.string(),
  ca: z.string(),
  /** Agent ports of the managers, host:port. */
  managers: z.array(z.string()).min(1),
});

/** What makes a host that host: kept in one file, so that a crash leaves all of it or nothing. */
export type AgentIdentity = Readonly<z.infer<typeof agentIdentitySchema>>;

/** Writes it with mode 0600, whole or not at all. */
export function saveAgentIdentity(path: string, identity: AgentIdentity): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(identity, undefined, 2)}\n`, 0o600);
}

/**
 * The identity in the file; undefined where there is none (the host has not joined).
 * @throws BerthError `internal` where it is there and cannot be used
 */
export async function loadAgentIdentity(path: string): Promise<AgentIdentity | undefined> {
  const text = await readFileIfThere(path);
  if (text === undefined) return undefined;
  const identity = agentIdentitySchema.safeParse(parseJson(text));
  if (identity.success && belongTogether(identity.data.certificate, identity.data.key)) return identity.data;
  throw new BerthError('internal', `${path} is damaged: it is not the identity of a host`, {
    hint: 'restore it from a backup, or empty the data directory and join again with a new token',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
