import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useWords, wordsOf } from '../i18n/text.tsx';

const words = wordsOf({ show: 'Show or hide the password' }, { show: '显示或隐藏密码' });

/** Mantine's own names its eye in English only. */
export function PasswordField(props: PasswordInputProps) {
  const w = useWords(words);
  return <PasswordInput {...props} visibilityToggleButtonProps={{ 'aria-label': w('show') }} />;
}
