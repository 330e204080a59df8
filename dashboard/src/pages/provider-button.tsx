import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { beginLogin } from '../app/provider-login.ts';
import { client } from '../cluster/client.ts';
import { useText } from '../i18n/text.tsx';
import { Problem } from '../parts/problem.tsx';

type Way = Readonly<{ label: string; address: string }>;

/**
 * The way in by a provider, where an admin has set one.
 * @param isElsewhere in another tab: what was typed in this one stays
 */
export function ProviderLogin({ isElsewhere }: Readonly<{ isElsewhere: boolean }>) {
  const t = useText();
  const [way, setWay] = useState<Way>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    // Without an answer passwords are the way in.
    client.call('session.ways').then(
      ({ oidc }) => setWay(oidc),
      () => undefined,
    );
  }, []);
  const begin = () => {
    setBusy(true);
    setError(undefined);
    beginLogin().catch((thrown: unknown) => {
      setError(thrown);
      setBusy(false);
    });
  };
  if (way === undefined) return null;
  // The cookie that is kept meanwhile is of the address that the provider sends people back to.
  const isHere = way.address === location.origin;
  return (
    <>
      <div className="login-or">{t('login.or')}</div>
      {isHere && !isElsewhere ? (
        <Button variant="default" fullWidth loading={isBusy} onClick={begin}>
          {way.label}
        </Button>
      ) : (
        <Button
          variant="default"
          fullWidth
          component="a"
          href={isHere ? '/' : way.address}
          {...(isElsewhere ? { target: '_blank', rel: 'noreferrer' } : {})}
        >
          {way.label}
        </Button>
      )}
      {error !== undefined && <Problem error={error} />}
    </>
  );
}
