import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { BerthError } from '../../../../src/contract/page-client.ts';
import { useSession } from '../../app/session.tsx';
import { client } from '../../cluster/client.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import type { Checked, Content, Source } from './draft.ts';

/** So long after the last key the manager is asked, milliseconds. */
const REST_MS = 400;

export type Sent = Readonly<{ stack: string; source: Source; contents: readonly Content[] }>;

export type Check = Readonly<{
  /** Of the text as it is, or (while `isOld`) as it was a moment ago. */
  checked: Checked | undefined;
  isOld: boolean;
  error: unknown;
  again(): void;
}>;

let count = 0;

/** What the manager says of what is being typed, asked for whenever the keys rest. */
export function useCheck({ stack, source, contents }: Sent): Check {
  const { session } = useSession();
  const { connection } = usePicture();
  const [asked, setAsked] = useState(() => ({ id: ++count, stack, source, contents }));
  // Drafts are never changed: another text is another one.
  const isSame = asked.stack === stack && asked.source === source && asked.contents === contents;
  useEffect(() => {
    if (isSame) return;
    const timer = setTimeout(() => setAsked({ id: ++count, stack, source, contents }), REST_MS);
    return () => clearTimeout(timer);
  }, [isSame, stack, source, contents]);
  const { data, error, isPlaceholderData, isFetching, refetch } = useQuery({
    queryKey: ['stack-check', asked.id],
    queryFn: ({ signal }) => {
      const { id: _, ...sent } = asked;
      return client.call('stack.check', { ...sent, contents: [...sent.contents] }, { signal });
    },
    enabled: stackNameFault(asked.stack) === undefined,
    placeholderData: (before) => before,
    gcTime: 0,
    retry: (times, thrown) => times < 2 && thrown instanceof BerthError && thrown.retryable,
  });
  // Whoever has logged in again, and has a manager again, is asked for nothing that was typed.
  const isIn = session.state === 'in' && connection.state === 'live';
  const isNamed = stackNameFault(asked.stack) === undefined;
  useEffect(() => {
    if (isIn && isNamed) void refetch({ cancelRefetch: false });
  }, [isIn, isNamed, refetch]);
  return {
    checked: data,
    isOld: !isSame || isPlaceholderData || (isFetching && data === undefined),
    error: error ?? undefined,
    again: () => void (isNamed && refetch()),
  };
}

/** Docker Compose's rule for names of projects. */
export function stackNameFault(name: string): 'missing' | 'wrong' | undefined {
  if (name === '') return 'missing';
  return /^[a-z0-9][a-z0-9_-]{0,62}$/.test(name) ? undefined : 'wrong';
}
