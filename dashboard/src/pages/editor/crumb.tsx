import { Link } from '@tanstack/react-router';
import { useText, useWords } from '../../i18n/text.tsx';
import { words } from './words.ts';

/** The way back: to the stack that is edited, or to all of them. @param stack empty for a new one */
export function Crumb({ stack }: Readonly<{ stack: string }>) {
  const t = useText();
  const w = useWords(words);
  const text = stack === '' ? t('nav.stacks') : w('back', { name: stack });
  return (
    <nav className="crumb" aria-label={text}>
      {stack === '' ? (
        <Link to="/stacks">{text}</Link>
      ) : (
        <Link to="/stacks/$stack" params={{ stack }}>
          {text}
        </Link>
      )}
    </nav>
  );
}
