import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { useWords, wordsOf } from '../i18n/text.tsx';
import { Icon } from './icons.tsx';

const words = wordsOf(
  { take: 'Take theirs', insist: 'Go on with mine' },
  { take: '采用对方的', insist: '仍用我的' },
);

type Props = Readonly<{ children: ReactNode; onTake(): void; onInsist(): void }>;

/** Somebody else has changed what is in a form: what they have made of it, and whose counts. */
export function Theirs({ children, onTake, onInsist }: Props) {
  const w = useWords(words);
  return (
    <div className="health tone-busy theirs" role="alert">
      <Icon name="warn" size={22} />
      <div>
        {children}
        <Group gap="xs" mt="xs">
          <Button variant="default" size="xs" onClick={onTake}>
            {w('take')}
          </Button>
          <Button variant="default" size="xs" onClick={onInsist}>
            {w('insist')}
          </Button>
        </Group>
      </div>
    </div>
  );
}
