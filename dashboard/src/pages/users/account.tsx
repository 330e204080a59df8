import { PasswordField } from '../../parts/password-field.tsx';
import '../../parts/tab-page.css';
import '../router/router.css';
import { Button, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useSession, useWho } from '../../app/session.tsx';
import { useTitle } from '../../app/shell.tsx';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Problem } from '../../parts/problem.tsx';
import { wordOf } from '../../parts/state.tsx';
import { DockerBundle } from './docker-bundle.tsx';
import { OwnTokens } from './tokens.tsx';
import { words } from './words.ts';

/** What everyone may do for themselves: another password, and what stands for them. */
export function AccountPage() {
  const w = useWords(words);
  const t = useText();
  const { user, role } = useWho();
  useTitle(w('account.title'));
  return (
    <>
      <div className="head">
        <h1>{w('account.title')}</h1>
        <span className="note">{w('account.who', { user, role: wordOf(t, 'role', role) })}</span>
      </div>
      <section className="card card-body" style={{ maxWidth: 560, marginBottom: 24 }}>
        <h2>{w('account.password')}</h2>
        <ChangePassword user={user} />
      </section>
      <DockerBundle />
      <h2 className="sub-title">{w('account.sessions')}</h2>
      <OwnTokens />
    </>
  );
}

function ChangePassword({ user }: Readonly<{ user: string }>) {
  const w = useWords(words);
  const { logIn } = useSession();
  const { show } = useToasts();
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const differ = again !== '' && again !== fresh;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (fresh !== again) return;
    setBusy(true);
    setError(undefined);
    try {
      await client.call('user.password', { user, password: fresh, current });
      // All log-ins have ended with the old one, this one too.
      await logIn(user, fresh);
      for (const clear of [setCurrent, setFresh, setAgain]) clear('');
      show({ tone: 'good', title: w('account.changed') });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <p className="note" style={{ margin: 0 }}>
          {w('account.password.text')}
        </p>
        <input type="text" name="username" autoComplete="username" value={user} readOnly hidden />
        <PasswordField
          label={w('account.current')}
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordField
          label={w('account.fresh')}
          autoComplete="new-password"
          value={fresh}
          onChange={(event) => setFresh(event.currentTarget.value)}
        />
        <PasswordField
          label={w('account.again')}
          autoComplete="new-password"
          value={again}
          error={differ ? w('account.differ') : undefined}
          onChange={(event) => setAgain(event.currentTarget.value)}
        />
        {error !== undefined && <Problem error={error} />}
        <div>
          <Button type="submit" loading={isBusy} disabled={current === '' || fresh === '' || fresh !== again}>
            {w('account.change')}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
