import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { RouteName, Routes } from '../../contract/v1/routes.ts';
import type { ApiToken } from '../../model/access.ts';
import type { Principal } from '../auth/principal.ts';
import type { FlowingBody } from '../body.ts';
import type { ApiDeps } from './deps.ts';

type Part<R, Name extends 'params' | 'headers' | 'query' | 'body'> =
  R extends Readonly<Record<Name, infer S extends z.ZodType>> ? z.output<S> : Readonly<Record<never, never>>;

/** One request, checked by the route's schemas: what its handler gets. */
export type Call<N extends RouteName> = Readonly<{
  params: Part<Routes[N], 'params'>;
  headers: Part<Routes[N], 'headers'>;
  query: Part<Routes[N], 'query'>;
  body: Part<Routes[N], 'body'>;
  /** On public routes without a log-in: no user, the role of a viewer. */
  principal: Principal;
  /** The token that the caller showed; undefined on the socket and on public routes. */
  token: ApiToken | undefined;
  /** The body of a route that takes bytes; ended with the call. */
  sent: Routes[N] extends { takes: 'bytes' } ? FlowingBody : undefined;
  /** Whether who has asked would still be let in: for what takes long. */
  stillAllowed(): boolean;
  deps: ApiDeps;
  /** For the audit log: what it was done to, and by whom where the route is public. */
  about(target: string, user?: string): void;
  /** For the audit log: what did not work, where an answer in lines ends well nevertheless. */
  failed(why: string): void;
  /** Sends a `Set-Cookie` with the answer, or several. */
  setCookie(text: string | string[]): void;
}>;

/** Bytes, whose length is known, with headers of their own. */
export type StreamAnswer = Readonly<{ headers: Readonly<Record<string, string>>; body: Readable }>;

/** A stream of events: `listener` hears those after `after`, then live ones; the function that is returned ends it. */
export interface EventSource {
  /** ID of the newest event. */
  position(): string;
  subscribe(after: string | undefined, listener: (id: string, data: unknown) => void): () => void;
}

/** Values for one client, until there are no more; `signal` fires when the client goes away. */
export type LineSource<T> = (signal: AbortSignal) => AsyncIterable<T>;

type AnswerOf<R> = R extends { answer: { type: 'json'; schema: infer S extends z.ZodType } }
  ? z.input<S>
  : R extends { answer: { type: 'text' } }
    ? string
    : R extends { answer: { type: 'stream' } }
      ? StreamAnswer
      : R extends { answer: { type: 'lines'; schema: infer S extends z.ZodType } }
        ? LineSource<z.input<S>>
        : EventSource;

export type Handler<N extends RouteName> = (
  call: Call<N>,
) => AnswerOf<Routes[N]> | Promise<AnswerOf<Routes[N]>>;

/** A handler for each route: one that is missing does not compile. */
export type Handlers<N extends RouteName = RouteName> = { readonly [K in N]: Handler<K> };
