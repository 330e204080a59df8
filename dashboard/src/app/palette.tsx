import { TextInput } from '@mantine/core';
import {
  type ComponentProps,
  type ComponentType,
  type KeyboardEvent,
  useEffect,
  useId,
  useState,
} from 'react';
import { useText } from '../i18n/text.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icons.tsx';
import type { PaletteList } from './palette-list.tsx';

type List = ComponentType<ComponentProps<typeof PaletteList>>;
let fetched: List | undefined;
/** After the page is there, milliseconds: what it shows comes first. */
const FETCH_AFTER_MS = 1_500;
/** After it was not to be had, milliseconds. */
const AGAIN_AFTER_MS = 1_000;

/**
 * Finds any page, object or action by a few letters. Its field is there at once and has the focus before the next key; what
 * it finds knows everything that may be done, and is fetched beside the page.
 */
export function Palette({ onClose }: Readonly<{ onClose(): void }>) {
  const t = useText();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [count, setCount] = useState(0);
  const List = useList();
  const id = useId();
  const chosen = Math.min(at, count - 1);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const next = (chosen + step + count) % Math.max(1, count);
      setAt(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      document.getElementById(`${id}-${chosen}`)?.click();
    }
  };
  return (
    <Dialog
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size="lg"
      yOffset="10vh"
      aria-label={t('palette.title')}
    >
      <TextInput
        variant="unstyled"
        size="md"
        px="md"
        py="xs"
        placeholder={t('palette.placeholder')}
        aria-label={t('palette.placeholder')}
        leftSection={<Icon name="search" />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        role="combobox"
        aria-expanded={List !== undefined}
        aria-controls={id}
        aria-activedescendant={chosen < 0 ? undefined : `${id}-${chosen}`}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      {List !== undefined ? (
        <List text={text} id={id} at={chosen} onChoose={setAt} onCount={setCount} onClose={onClose} />
      ) : (
        <div className="palette-group" id={id}>
          {t('app.loading')}
        </div>
      )}
      <div className="palette-group" style={{ borderTop: '1px solid var(--line)', paddingBottom: 8 }}>
        {t('palette.help')}
      </div>
    </Dialog>
  );
}

/** Has what the palette finds at hand before it is opened. */
export function usePaletteAhead(): void {
  useEffect(() => {
    const timer = setTimeout(() => void fetchList().catch(() => undefined), FETCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
}

/** Undefined until it is there; it is asked for until it is. */
function useList(): List | undefined {
  const [list, setList] = useState(() => fetched);
  useEffect(() => {
    if (list !== undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const fetch = async () => {
      try {
        const found = await fetchList();
        if (!isOver) setList(() => found);
      } catch {
        if (!isOver) timer = setTimeout(() => void fetch(), AGAIN_AFTER_MS);
      }
    };
    void fetch();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [list]);
  return list;
}

async function fetchList(): Promise<List> {
  fetched = (await import('./palette-list.tsx')).PaletteList;
  return fetched;
}
