import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Problem } from './problem.tsx';
import { Waiting } from './waiting.tsx';

type Props<T> = Readonly<{ query: UseQueryResult<T>; children(data: T): ReactNode }>;

/** What was asked for; until it is there, that it is waited for, or why it is not to be had. What is known stays shown. */
export function Asked<T>({ query: { data, error }, children }: Props<T>) {
  return (
    <>
      {error !== null && <Problem error={error} />}
      {data === undefined ? error === null && <Waiting /> : children(data)}
    </>
  );
}
