import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { BerthError } from '../../../src/contract/page-client.ts';
import { Empty } from './empty.tsx';
import { Problem } from './problem.tsx';
import { Waiting } from './waiting.tsx';

type Props<T> = Readonly<{
  data: T | undefined;
  error: unknown;
  /** What is said where there is no such object, and the list that leads to others. */
  gone: Readonly<{ title: string; hint: string; to: '/networks' | '/volumes'; label: string }>;
  children(data: T): ReactNode;
}>;

/** The page of one object, once it is known; it stays where a later question fails, unless the object is gone. */
export function AskedFor<T>({ data, error, gone, children }: Props<T>) {
  // What was removed is not there any more, however lately it was shown.
  if (error instanceof BerthError && error.code === 'not_found')
    return (
      <div className="card">
        <Empty title={gone.title} hint={gone.hint}>
          <Button variant="default" renderRoot={(props) => <Link {...props} to={gone.to} />}>
            {gone.label}
          </Button>
        </Empty>
      </div>
    );
  if (data === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  return (
    <>
      {error !== null && <Problem error={error} />}
      {children(data)}
    </>
  );
}
