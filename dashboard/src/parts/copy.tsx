import { Button, Menu } from '@mantine/core';
import { encode } from '../../../src/contract/client-over.ts';
import type { RouteSpec } from '../../../src/contract/v1/route.ts';
import { type RouteName, routes } from '../../../src/contract/v1/routes.ts';
import { useToasts } from '../app/toasts.tsx';
import { useText } from '../i18n/text.tsx';
import { shellWord } from './format.ts';
import { Icon } from './icons.tsx';

type Call = Readonly<{ route: RouteName; input?: Readonly<Record<string, unknown>> }>;

/** What the page does or shows, as others may do it. */
export type Way = Call &
  Readonly<{
    /** A command line: `berth node cordon h1`. */
    cli: string;
    /** The same call again, with each of these. */
    also?: readonly NonNullable<Call['input']>[];
    /** Calls that follow once what the first one has begun is done. */
    after?: readonly Call[];
  }>;

/** The calls as command lines of curl, for a shell with an API token and the cluster's CA. */
export function curlText({ also = [], after = [], ...first }: Way, origin: string): string {
  const calls = after.map((one) => callText(one, origin));
  const all = [first, ...also.map((input) => ({ ...first, input }))].map((one) => callText(one, origin));
  return [...all, ...(calls.length === 0 ? [] : ['# once that is done:', ...calls])].join('\n');
}

function callText({ route, input = {} }: Call, origin: string): string {
  const spec: RouteSpec = routes[route];
  const { method } = spec;
  const { path, body } = encode(spec, input);
  return [
    'curl --cacert ca.pem -H "Authorization: Bearer $BERTH_TOKEN"',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    ...(spec.takes === 'bytes' ? ["-H 'Content-Type: application/octet-stream' -T FILE"] : []),
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json' -d ${shellWord(body)}`]),
    shellWord(`${origin}${path}`),
  ].join(' ');
}

/** The call in a few words, with nothing that is sent in it: `POST /v1/nodes/h1/cordon`. */
function callName({ route, input = {} }: Way): string {
  const spec: RouteSpec = routes[route];
  return `${spec.method} ${encode(spec, input).path}`;
}

/** Characters of what was copied that are shown. */
const SHOWN = 200;

const cut = (text: string) => (text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text);

/** Copies a text, and says so. @param shown what is said of it, and nothing of a secret; it is cut where it is long */
export function useCopy(): (text: string, shown?: string) => Promise<void> {
  const { show } = useToasts();
  const t = useText();
  return async (text, shown = '') => {
    const some = cut(shown);
    const told = some === '' ? {} : { text: some };
    try {
      await navigator.clipboard.writeText(text);
      show({ tone: 'good', title: t('copy.copied'), ...told });
    } catch {
      show({ tone: 'bad', title: t('copy.failed'), ...told });
    }
  };
}

/** What else can be done there, and how. */
export type OtherWay = Readonly<{ title: string; way: Way }>;

type CopyProps = Readonly<{
  way: Way;
  more?: readonly OtherWay[];
  /** What it is the way of, where that is not the page: `Cordon h1`. */
  of?: string;
}>;

/** The command line and the API call for what is on the page. */
export function CopyAs({ way, more = [], of }: CopyProps) {
  const t = useText();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          size={of === undefined ? 'sm' : 'xs'}
          leftSection={<Icon name="copy" size={16} />}
          {...(of === undefined ? {} : { 'aria-description': of })}
        >
          {t('copy.as')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <CopyItems way={way} />
        {more.map((other) => (
          <OtherItems key={other.title} {...other} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** In a menu: how something is done that stands beside it. */
export function OtherItems({ title, way }: OtherWay) {
  return (
    <>
      <Menu.Label>{title}</Menu.Label>
      <CopyItems way={way} />
    </>
  );
}

function CopyItems({ way }: Readonly<{ way: Way }>) {
  const t = useText();
  const copy = useCopy();
  return (
    <>
      <Menu.Item onClick={() => void copy(way.cli, way.cli)}>
        {t('copy.cli')}
        <div className="note mono">{cut(way.cli)}</div>
      </Menu.Item>
      <Menu.Item onClick={() => void copy(curlText(way, location.origin), callName(way))}>
        {t('copy.api')}
      </Menu.Item>
    </>
  );
}
