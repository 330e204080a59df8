import { BerthError, messageOf } from '../../../src/contract/page-client.ts';
import { useText } from '../i18n/text.tsx';
import { Icon } from './icons.tsx';

/** What the manager has said, in its own words. */
export function Problem({ error }: Readonly<{ error: unknown }>) {
  const t = useText();
  const hint = error instanceof BerthError ? error.hint : undefined;
  return (
    <div className="health tone-bad" role="alert">
      <Icon name="down" size={22} />
      <div>
        {messageOf(error)}
        {hint !== undefined && <div className="note">{t('error.hint', { hint })}</div>}
      </div>
    </div>
  );
}
