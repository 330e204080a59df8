import { Loader } from '@mantine/core';
import { useText } from '../i18n/text.tsx';

/** In place of what has not been read yet. */
export function Waiting() {
  const t = useText();
  return (
    <div className="empty" role="status" aria-busy="true">
      <Loader size="sm" aria-hidden="true" />
      <p>{t('app.loading')}</p>
    </div>
  );
}
