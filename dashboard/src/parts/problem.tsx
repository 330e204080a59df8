import { useLanguage } from '../i18n/text.tsx';
import { Icon } from './icons.tsx';
import { problemText } from './problem-text.ts';

/** What the manager has said, in its own words. */
export function Problem({ error }: Readonly<{ error: unknown }>) {
  const { t, language } = useLanguage();
  const { title, detail, hint } = problemText(error, language);
  return (
    <div className="health tone-bad" role="alert">
      <Icon name="down" size={22} />
      <div>
        {title}
        {detail !== undefined && <div lang="en">{detail}</div>}
        {hint !== undefined && <div className="note">{t('error.hint', { hint })}</div>}
      </div>
    </div>
  );
}
