import { Button, Group, Stack, Text } from '@mantine/core';
import { useText } from '../i18n/text.tsx';
import { useCopy } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icons.tsx';

type Props = Readonly<{
  title: string;
  secret: string;
  /** That it is shown this once, and what that means. */
  text: string;
  /** On the button that ends it. */
  label: string;
  onClose(): void;
}>;

/** A secret that nobody can look up again: it goes only by its own button. */
export function SecretOnce({ title, secret, text, label, onClose }: Props) {
  const t = useText();
  const copy = useCopy();
  return (
    <Dialog
      onClose={onClose}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      title={<strong>{title}</strong>}
      size="lg"
    >
      <Stack gap="md">
        <Text>{text}</Text>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
        <section aria-label={title} tabIndex={0} className="code wrap">
          {secret}
        </section>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {label}
          </Button>
          <Button
            leftSection={<Icon name="copy" size={16} />}
            data-autofocus
            onClick={() => void copy(secret)}
          >
            {t('copy.copy')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
