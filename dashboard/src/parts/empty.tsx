import type { ReactNode } from 'react';

type Props = Readonly<{ title: string; hint: string; children?: ReactNode }>;

/** In place of what is not there: what belongs here, and how to make the first one. */
export function Empty({ title, hint, children }: Props) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{hint}</p>
      {children}
    </div>
  );
}
