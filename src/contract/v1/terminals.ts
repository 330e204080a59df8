import { z } from 'zod';
import { json, type RouteSpec } from './route.ts';

/** Subprotocol of a terminal's WebSocket; beside it stands `TICKET_PREFIX` with the ticket. */
export const TERMINAL_PROTOCOL = 'berth-terminal.1';
export const TICKET_PREFIX = 'berth-ticket.';
/** Where the WebSocket is opened. */
export const TERMINAL_PATH = '/v1/terminal';
/** Longest message from the page, bytes: what is pasted comes in pieces. */
export const MOST_INPUT = 32 * 1024;

const columns = z.number().int().min(2).max(1000);
const rows = z.number().int().min(1).max(1000);

/**
 * What the page says in text messages; binary ones are what is typed. `taken` tells how many bytes of output have been
 * shown: what was sent and not shown is limited, so that neither end has to hold what a container writes.
 */
export const fromTerminalSchema = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('size'), columns, rows }),
  z.strictObject({
    t: z.literal('taken'),
    bytes: z
      .number()
      .int()
      .min(0)
      .max(2 ** 40),
  }),
]);
export type FromTerminal = z.infer<typeof fromTerminalSchema>;

/** What the manager says in text messages; binary ones are output. `ended` is the last one. */
export const toTerminalSchema = z.discriminatedUnion('t', [
  z.object({ t: z.literal('opened') }),
  z.object({
    t: z.literal('ended'),
    /** One sentence. */
    reason: z.string(),
    /** The command's own; left out where it did not end by itself. */
    exitCode: z.number().optional(),
  }),
]);
export type ToTerminal = z.infer<typeof toTerminalSchema>;

const line = z.string().max(4096);

export const terminalRoutes = {
  /**
   * A ticket for one terminal in a container: a command that runs there beside its own. It opens one WebSocket at
   * `/v1/terminal`, within 30 s, by the same token or session.
   */
  'terminal.open': {
    method: 'POST',
    path: '/v1/containers/:container/terminal',
    role: 'operator',
    action: 'terminal.open',
    params: z.strictObject({ container: z.string().min(1).max(256) }),
    body: z.strictObject({
      /** An argv array; no shell reads it. */
      command: z.array(line).min(1).max(64),
      /** `NAME`, `NAME:GROUP` or their numbers; the container's own where it is left out. */
      user: z
        .string()
        .regex(/^[\w.-]{1,64}(:[\w.-]{1,64})?$/, {
          error: (issue) => `"${String(issue.input)}" is not a user, such as "root" or "1000:1000"`,
        })
        .optional(),
      /** The folder in which it begins; the container's own where it is left out. */
      workingDir: line.regex(/^\//, { error: 'a working folder begins with /' }).optional(),
      columns,
      rows,
    }),
    answer: json(z.object({ ticket: z.string() })),
  },
} as const satisfies Record<string, RouteSpec>;
