import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { serviceWords } from './service-words.ts';

type Props = Readonly<{ children: ReactNode; onTake(): void; onInsist(): void }>;

/** Somebody else has changed what is in a form: what they have made of it, and whose counts. */
export function Theirs({ children, onTake, onInsist }: Props) {
  const w = useWords(serviceWords);
  return (
    <div className="health tone-busy theirs" role="alert">
      <Icon name="warn" size={22} />
      <div>
        {children}
        <Group gap="xs" mt="xs">
          <Button variant="default" size="xs" onClick={onTake}>
            {w('theirs.take')}
          </Button>
          <Button variant="default" size="xs" onClick={onInsist}>
            {w('theirs.insist')}
          </Button>
        </Group>
      </div>
    </div>
  );
}
