import { useText } from '../i18n/text.tsx';
import { Empty } from '../parts/empty.tsx';

export function NotFound() {
  const t = useText();
  return (
    <div className="card">
      <Empty title={t('app.notFound')} hint={t('app.notFound.hint')} />
    </div>
  );
}
