import { Button } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useText } from '../i18n/text.tsx';
import { Problem } from '../parts/problem.tsx';

/** In place of a page that threw, such as one of a version that the manager has no more. */
export function Failed({ error, onAgain }: Readonly<{ error: unknown; onAgain?: () => void }>) {
  const t = useText();
  return (
    <>
      <div className="head">
        <h1>{t('app.failed')}</h1>
      </div>
      <Problem error={error} />
      <Button onClick={onAgain ?? (() => location.reload())}>{t('app.reload')}</Button>
    </>
  );
}

/** The same within the frame: what could not be fetched without the manager is fetched when it is back. */
export function FailedInside(props: Readonly<{ error: unknown }>) {
  const router = useRouter();
  const { state } = usePicture().connection;
  const wasLost = useRef(false);
  useEffect(() => {
    if (state === 'live' && wasLost.current) void router.invalidate();
    wasLost.current = state === 'lost';
  }, [state, router]);
  // Without the manager the browser would leave for an error page of its own, and would not come back by itself.
  return <Failed {...props} {...(state === 'lost' ? { onAgain: () => void router.invalidate() } : {})} />;
}
