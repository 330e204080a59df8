import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useSession } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { Problem } from '../parts/problem.tsx';
import { ProviderLogin } from './provider-button.tsx';

/** @param user who has been logged in until now */
export function LoginForm({ user: before = '' }: Readonly<{ user?: string }>) {
  const t = useText();
  const { logIn } = useSession();
  const [user, setUser] = useState(before);
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await logIn(user, password);
    } catch (thrown) {
      setError(thrown);
      setPassword('');
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <TextInput
          label={t('login.user')}
          name="user"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
          {...(before === '' ? { 'data-autofocus': true, autoFocus: true } : {})}
        />
        <PasswordInput
          label={t('login.password')}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          {...(before === '' ? {} : { 'data-autofocus': true })}
        />
        {error !== undefined && <Problem error={error} />}
        <Button type="submit" loading={isBusy} fullWidth>
          {t('login.submit')}
        </Button>
        <ProviderLogin isElsewhere={before !== ''} />
      </Stack>
    </form>
  );
}
