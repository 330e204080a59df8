import { Button } from '@mantine/core';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Ago } from '../../parts/time.tsx';
import { words } from './words.ts';

/** What was typed before is here again. */
export function DraftBack({ at, onDrop }: Readonly<{ at: number; onDrop(): void }>) {
  const w = useWords(words);
  const [before, after] = w('draft.back', { when: '\0' }).split('\0');
  return (
    <div className="health tone-idle draft-back" role="status">
      <Icon name="clock" size={20} />
      <div>
        {before}
        <Ago at={at} />
        {after}{' '}
        <Button variant="default" size="compact-xs" onClick={onDrop}>
          {w('draft.drop')}
        </Button>
      </div>
    </div>
  );
}
