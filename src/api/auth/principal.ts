import type { Role } from '../../model/access.ts';

/** Who is asking, and by which door. */
export type Principal = Readonly<{
  user: string;
  role: Role;
  via: 'socket' | 'docker' | 'api' | 'agent' | 'system';
  /** Client's address; empty on a unix socket. */
  from: string;
}>;
