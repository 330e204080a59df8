import { Button } from '@mantine/core';
import { useText } from '../i18n/text.tsx';
import { Problem } from '../parts/problem.tsx';

/** In place of a page that threw, such as one of a version that the manager has no more. */
export function Failed({ error }: Readonly<{ error: unknown }>) {
  const t = useText();
  return (
    <>
      <div className="head">
        <h1>{t('app.failed')}</h1>
      </div>
      <Problem error={error} />
      <Button onClick={() => location.reload()}>{t('app.reload')}</Button>
    </>
  );
}
