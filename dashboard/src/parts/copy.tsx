import { Button, Menu } from '@mantine/core';
import { encode } from '../../../src/contract/client-over.ts';
import { type RouteName, routes } from '../../../src/contract/v1/routes.ts';
import { useToasts } from '../app/toasts.tsx';
import { useText } from '../i18n/text.tsx';
import { shellWord } from './format.ts';
import { Icon } from './icons.tsx';

/** What the page does or shows, as others may do it. */
export type Way = Readonly<{
  /** A command line: `berth node cordon h1`. */
  cli: string;
  route: RouteName;
  input?: Readonly<Record<string, unknown>>;
}>;

/** The call as a command line of curl, for a shell with an API token and the cluster's CA. */
export function curlText({ route, input = {} }: Way, origin: string): string {
  const { method } = routes[route];
  const { path, body } = encode(routes[route], input);
  return [
    'curl --cacert ca.pem -H "Authorization: Bearer $BERTH_TOKEN"',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json' -d ${shellWord(body)}`]),
    shellWord(`${origin}${path}`),
  ].join(' ');
}

/** Copies a text, and says so; of a secret it is not shown again. */
export function useCopy(): (text: string, isSecret?: boolean) => Promise<void> {
  const { show } = useToasts();
  const t = useText();
  return async (text, isSecret = false) => {
    try {
      await navigator.clipboard.writeText(text);
      show({ tone: 'good', title: t('copy.copied'), ...(isSecret ? {} : { text }) });
    } catch {
      show({ tone: 'bad', title: t('copy.failed'), ...(isSecret ? {} : { text }) });
    }
  };
}

/** The command line and the API call for what is on the page. */
export function CopyAs({ way }: Readonly<{ way: Way }>) {
  const t = useText();
  const copy = useCopy();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<Icon name="copy" size={16} />}>
          {t('copy.as')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void copy(way.cli)}>
          {t('copy.cli')}
          <div className="note mono">{way.cli}</div>
        </Menu.Item>
        <Menu.Item onClick={() => void copy(curlText(way, location.origin))}>{t('copy.api')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
