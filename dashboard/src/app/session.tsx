import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { BerthError, type Role, roleAllows } from '../../../src/contract/page-client.ts';
import { OIDC_CALLBACK } from '../../../src/contract/v1/oidc.ts';
import { client, onLoggedOut } from '../cluster/client.ts';
import { finishLogin } from './provider-login.ts';

export type Who = Readonly<{ user: string; role: Role }>;

/** unknown: not asked yet · out: nobody has logged in · in · ended: somebody had, and is to again. */
type Session =
  | Readonly<{ state: 'unknown'; problem?: BerthError }>
  /** `problem`: why the log-in by a provider did not come about. */
  | Readonly<{ state: 'out'; problem?: unknown }>
  | Readonly<{ state: 'in' | 'ended'; who: Who }>;

type Value = Readonly<{
  session: Session;
  logIn(user: string, password: string): Promise<void>;
  logOut(): Promise<void>;
  /** Asks who is logged in by now: another tab of this browser may have changed that. */
  look(): void;
  /** A call was refused: nobody is logged in any more. */
  end(): void;
}>;

const Context = createContext<Value | undefined>(undefined);
/** Where the manager does not answer the first question, it is asked again. */
const AGAIN_MS = 2000;
/** So often a page whose session has ended asks whether there is another one. */
const ENDED_MS = 5000;
/** On it tabs of one browser, which have one session, tell each other that it is another by now. */
const CHANNEL = 'berth-session';

export function SessionProvider({ children }: Readonly<{ children: ReactNode }>) {
  const [session, setSession] = useState<Session>({ state: 'unknown' });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = new AbortController();
    // Opened by hand: there is nothing at that address.
    if (location.pathname === OIDC_CALLBACK && location.search === '') history.replaceState(null, '', '/');
    const sentBack = location.pathname === OIDC_CALLBACK ? location.search : '';
    const ask = () =>
      client
        .call('session.whoami', undefined, { signal: stop.signal })
        .then(({ user, role }) => setSession({ state: 'in', who: { user, role } }))
        .catch((thrown: unknown) => {
          if (stop.signal.aborted) return;
          if (thrown instanceof BerthError && thrown.code === 'unauthenticated')
            return setSession({ state: 'out' });
          if (thrown instanceof BerthError) setSession({ state: 'unknown', problem: thrown });
          timer = setTimeout(ask, AGAIN_MS);
        });
    if (sentBack === '') void ask();
    else
      finishLogin(sentBack).then(
        (who) => setSession({ state: 'in', who }),
        (problem: unknown) => setSession({ state: 'out', problem }),
      );
    return () => {
      stop.abort(new Error('the page has gone'));
      clearTimeout(timer);
    };
  }, []);

  const logIn = useCallback(async (user: string, password: string) => {
    const opened = await client.call('session.open', { user, password });
    setSession({ state: 'in', who: { user: opened.user, role: opened.role } });
  }, []);
  const logOut = useCallback(async () => {
    await client.call('session.close').catch((thrown: unknown) => {
      // It has ended already.
      if (!(thrown instanceof BerthError) || thrown.code !== 'unauthenticated') throw thrown;
    });
    setSession({ state: 'out' });
  }, []);
  // Whoever logs in again by a provider does so in another tab: this one sees that it has come about.
  const isEnded = session.state === 'ended';
  useEffect(() => {
    if (!isEnded) return undefined;
    const timer = setInterval(() => {
      client
        .call('session.whoami')
        .then(({ user, role }) => setSession({ state: 'in', who: { user, role } }))
        .catch(() => undefined);
    }, ENDED_MS);
    return () => clearInterval(timer);
  }, [isEnded]);
  const end = useCallback(
    () => setSession((now) => (now.state === 'in' ? { ...now, state: 'ended' } : now)),
    [],
  );
  useEffect(() => onLoggedOut(end), [end]);
  const look = useCallback(() => {
    client
      .call('session.whoami')
      .then(({ user, role }) =>
        setSession((now) =>
          now.state === 'in' && (now.who.user !== user || now.who.role !== role)
            ? { state: 'in', who: { user, role } }
            : now,
        ),
      )
      // Where nobody is, that ends it.
      .catch(() => undefined);
  }, []);
  const as =
    'who' in session && session.state === 'in' ? `${session.who.user} ${session.who.role}` : session.state;
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }) => {
      if (data !== as) look();
    };
    if (as !== 'unknown') channel.postMessage(as);
    return () => channel.close();
  }, [as, look]);
  const value = useMemo(() => ({ session, logIn, logOut, look, end }), [session, logIn, logOut, look, end]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): Value {
  const value = useContext(Context);
  if (value === undefined) throw new Error('there is no SessionProvider above');
  return value;
}

/** Whoever has logged in. */
export function useWho(): Who {
  const { session } = useSession();
  if (session.state === 'in' || session.state === 'ended') return session.who;
  throw new Error('nobody has logged in');
}

export function useMay(): (needed: Role) => boolean {
  const { role } = useWho();
  return useCallback((needed) => roleAllows(role, needed), [role]);
}
