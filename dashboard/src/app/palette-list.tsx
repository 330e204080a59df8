import { useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useLayoutEffect, useMemo, useRef } from 'react';
import type { Action } from '../actions/action.ts';
import { useActions } from '../actions/actions.tsx';
import { containerActions, rareContainerActions } from '../actions/container-actions.ts';
import { nodeActions, rebalanceAction } from '../actions/node-actions.tsx';
import {
  isScalable,
  nameOf,
  scaleAction,
  serviceActions,
  stackActions,
} from '../actions/service-actions.tsx';
import { serviceWords } from '../actions/service-words.ts';
import { client } from '../cluster/client.ts';
import { nodesById, useLive } from '../cluster/use-cluster.tsx';
import { LANGUAGES, type Language, useLanguage, useWords } from '../i18n/text.tsx';
import { words as wordsOfOrphans } from '../pages/orphans/words.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { problemToast } from '../parts/problem-text.ts';
import { wordOf } from '../parts/state.tsx';
import type { Found } from './found.ts';
import { useFoundResources } from './palette-resources.tsx';
import { useMay, useSession } from './session.tsx';
import { useToasts } from './toasts.tsx';

type Item = Readonly<{
  id: string;
  group: string;
  icon: IconName;
  text: string;
  note?: string;
  run(): void;
}>;

/** Of all actions, by their IDs. */
const VERBS = [
  ...(['start', 'stop', 'restart', 'remove', 'pause', 'unpause', 'kill'] as const),
  ...(['cordon', 'uncordon', 'drain', 'failover'] as const),
];
type Nav = `nav.${'router' | 'events' | 'audit' | 'users' | 'settings'}` | 'app.account.open';
type Admin = `/${'router' | 'events' | 'audit' | 'users' | 'settings' | 'account'}`;
/** So many of each group. */
const MOST = 8;

type Props = Readonly<{
  /** What was typed. */
  text: string;
  /** The element's ID; those of its options are this, a hyphen and their number. */
  id: string;
  /** The number of the chosen one, from 0. */
  at: number;
  onChoose(at: number): void;
  onCount(count: number): void;
  /** It is closed before what was chosen is done. */
  onClose(): void;
}>;

/** Whatever the palette finds, the first of each kind. */
export function PaletteList({ text, id, at, onChoose, onCount, onClose }: Props) {
  const { t } = useLanguage();
  const items = useItems(text);
  useLayoutEffect(() => onCount(items.length), [onCount, items.length]);
  // What is found late puts nothing else in the place of what is chosen: Enter may be on its way.
  const chosen = useRef({ text, at, id: items[at]?.id });
  useLayoutEffect(() => {
    const { current: before } = chosen;
    const isAsBefore = before.text === text && before.at === at;
    const moved = isAsBefore ? items.findIndex(({ id }) => id === before.id) : -1;
    const now = moved < 0 ? at : moved;
    chosen.current = { text, at: now, id: items[now]?.id };
    if (now !== at) onChoose(now);
  }, [items, text, at, onChoose]);
  return (
    <div className="palette-list" role="listbox" id={id} aria-label={t('palette.title')}>
      {items.length === 0 && <div className="palette-group">{t('palette.nothing', { text })}</div>}
      {items.map((item, index) => (
        <div key={item.id} role="presentation">
          {item.group !== items[index - 1]?.group && (
            <div className="palette-group" role="presentation">
              {item.group}
            </div>
          )}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's above, where the focus is */}
          <div
            id={`${id}-${index}`}
            className="palette-item"
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => {
              onClose();
              item.run();
            }}
            onMouseMove={() => onChoose(index)}
          >
            <Icon name={item.icon} />
            <bdi>{item.text}</bdi>
            {item.note !== undefined && <small>{item.note}</small>}
          </div>
        </div>
      ))}
    </div>
  );
}

function useItems(text: string): readonly Item[] {
  const { t, language, setLanguage } = useLanguage();
  const { show } = useToasts();
  const sw = useWords(serviceWords);
  const orphanWords = useWords(wordsOfOrphans);
  const live = useLive();
  const stacks = useQuery({
    queryKey: ['stacks'],
    queryFn: ({ signal }) => client.call('stack.list', undefined, { signal }),
  }).data?.stacks;
  const { setColorScheme } = useMantineColorScheme();
  const { logOut } = useSession();
  const { start } = useActions();
  const may = useMay();
  const navigate = useNavigate();
  const resources = useFoundResources(text.trim() !== '');
  return useMemo(() => {
    // As it is when something is typed: looking through a hundred thousand with each change would leave no time for keys.
    const { nodes, containers } = live.snapshot();
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (...texts: readonly string[]) => {
      const all = texts.join(' ').toLowerCase();
      return words.every((word) => all.includes(word));
    };
    const verbs = VERBS.map((verb) => `${verb} ${t(`action.${verb}`)}`.toLowerCase()).join(' ');
    const found: Item[] = [];
    const group = (name: string, items: Iterable<Omit<Item, 'group'>>) => {
      let count = 0;
      for (const item of items) {
        if (count++ === MOST) break;
        found.push({ ...item, group: name });
      }
    };
    const page = (
      id: string,
      key:
        | 'nav.overview'
        | 'nav.topology'
        | 'nav.hosts'
        | 'nav.containers'
        | 'nav.stacks'
        | 'nav.networks'
        | 'nav.images'
        | 'nav.volumes'
        | Nav,
      icon: IconName,
      to:
        | '/'
        | '/topology'
        | '/hosts'
        | '/containers'
        | '/stacks'
        | '/networks'
        | '/images'
        | '/volumes'
        | Admin,
    ) => ({ id, icon, text: t(key), run: () => void navigate({ to }) });
    const orphans: Omit<Item, 'group'> = {
      ...{ id: 'p-orphans', icon: 'containers', text: orphanWords('title') },
      run: () => void navigate({ to: '/orphans' }),
    };
    group(
      t('palette.pages'),
      [
        page('p-overview', 'nav.overview', 'overview', '/'),
        page('p-topology', 'nav.topology', 'topology', '/topology'),
        page('p-hosts', 'nav.hosts', 'hosts', '/hosts'),
        page('p-containers', 'nav.containers', 'containers', '/containers'),
        page('p-stacks', 'nav.stacks', 'stacks', '/stacks'),
        page('p-networks', 'nav.networks', 'networks', '/networks'),
        page('p-router', 'nav.router', 'router', '/router'),
        page('p-images', 'nav.images', 'images', '/images'),
        page('p-volumes', 'nav.volumes', 'volumes', '/volumes'),
        page('p-events', 'nav.events', 'events', '/events'),
        page('p-audit', 'nav.audit', 'audit', '/audit'),
        page('p-users', 'nav.users', 'users', '/users'),
        page('p-settings', 'nav.settings', 'settings', '/settings'),
        page('p-account', 'app.account.open', 'user', '/account'),
        orphans,
      ].filter((item) => matches(item.text)),
    );
    if (words.length > 0) {
      group(t('palette.hosts'), hosts());
      group(t('palette.containers'), theContainers());
      group(sw('stacks'), theStacks());
      group(sw('services'), theServices());
      for (const { title, all } of resources.groups) group(title, theFound(all));
    }
    group(t('palette.actions'), actions());
    return found;

    function* hosts(): Iterable<Omit<Item, 'group'>> {
      for (const { id, name, state, dataAddress } of nodes) {
        if (!matches(name, dataAddress)) continue;
        const run = () => void navigate({ to: '/hosts/$host', params: { host: name } });
        yield { id: `h-${id}`, icon: 'hosts', text: name, note: wordOf(t, 'state', state), run };
      }
    }
    function* theContainers(): Iterable<Omit<Item, 'group'>> {
      for (const { id, name, hostName, image } of containers) {
        if (!matches(name, image, id.slice(0, 12))) continue;
        const run = () => void navigate({ to: '/containers/$container', params: { container: id } });
        yield { id: `c-${id}`, icon: 'containers', text: name, note: hostName, run };
      }
    }
    function* theStacks(): Iterable<Omit<Item, 'group'>> {
      for (const { name, by } of stacks ?? []) {
        if (!matches(name)) continue;
        const run = () => void navigate({ to: '/stacks/$stack', params: { stack: name } });
        yield { id: `s-${name}`, icon: 'stacks', text: name, note: by, run };
      }
    }
    function* theServices(): Iterable<Omit<Item, 'group'>> {
      for (const service of (stacks ?? []).flatMap((one) => one.services)) {
        const { stack, name, image } = service;
        if (!matches(nameOf(service), image)) continue;
        const params = { stack, service: name };
        const run = () => void navigate({ to: '/stacks/$stack/services/$service', params });
        yield { id: `v-${nameOf(service)}`, icon: 'stacks', text: nameOf(service), note: image, run };
      }
    }
    function* theFound(all: readonly Found[]): Iterable<Omit<Item, 'group'>> {
      for (const { id, icon, text, note, texts, run } of all)
        if (matches(text, ...texts)) yield { id, icon, text, note, run };
    }
    function* actions(): Iterable<Omit<Item, 'group'>> {
      if (words.length > 0) {
        for (const action of allActions()) {
          const { id, label, target, needs, way, whyNot } = action;
          if (whyNot !== undefined || !may(needs) || !matches(label, target, id)) continue;
          const run = () => start(action);
          const key = `a-${id}-${JSON.stringify(way.input)}`;
          yield { id: key, icon: 'play', text: `${label} ${target}`, note: way.cli, run };
        }
      }
      const rebalance = rebalanceAction(t);
      const level = `${rebalance.label} ${rebalance.target}`;
      if (may(rebalance.needs) && matches(level, 'rebalance'))
        yield {
          ...{ id: 'a-rebalance', icon: 'play', text: level, note: rebalance.way.cli },
          run: () => start(rebalance),
        };
      const add = { id: 'a-add', icon: 'plus', text: t('hosts.add') } as const;
      if (may('admin') && matches(add.text, 'add host join'))
        yield { ...add, run: () => void navigate({ to: '/hosts', search: { add: true } }) };
      const newStack = { id: 'a-new-stack', icon: 'plus', text: sw('new') } as const;
      if (may('operator') && matches(newStack.text, 'new stack deploy'))
        yield { ...newStack, run: () => void navigate({ to: '/stacks/+new' }) };
      for (const { name } of words.length > 0 && may('operator') ? (stacks ?? []) : []) {
        const edit = sw('edit', { name });
        if (!matches(edit, 'edit stack deploy')) continue;
        const run = () => void navigate({ to: '/stacks/$stack/edit', params: { stack: name } });
        yield { id: `a-edit-${name}`, icon: 'stacks', text: edit, run };
      }
      for (const { id, icon, text, texts, run } of resources.forms)
        if (matches(text, texts)) yield { id, icon, text, run };
      for (const scheme of ['light', 'dark', 'auto'] as const) {
        const name = t(`app.theme.${scheme}`);
        const item = { id: `a-${scheme}`, icon: 'sun', text: t('palette.theme', { name }) } as const;
        if (matches(item.text, 'theme', scheme)) yield { ...item, run: () => setColorScheme(scheme) };
      }
      for (const language of Object.keys(LANGUAGES) as Language[]) {
        const name = LANGUAGES[language];
        const item = {
          id: `a-${language}`,
          icon: 'language',
          text: t('palette.language', { name }),
        } as const;
        if (matches(item.text, 'language', language)) yield { ...item, run: () => setLanguage(language) };
      }
      const out = { id: 'a-out', icon: 'user', text: t('app.logout') } as const;
      if (matches(out.text, 'log out'))
        yield {
          ...out,
          run: () => void logOut().catch((thrown: unknown) => show(problemToast(thrown, language))),
        };
    }
    function* allActions(): Iterable<Action> {
      for (const node of nodes) if (isNamed(node.name)) yield* nodeActions(node, t);
      const hosts = nodesById(nodes);
      for (const one of containers) {
        if (!isNamed(one.name)) continue;
        const host = hosts.get(one.hostId);
        yield* containerActions(one, t, host);
        yield* rareContainerActions(one, t, host);
      }
      for (const { text: name, actions } of resources.groups.flatMap(({ all }) => all))
        if (words.some((word) => name.toLowerCase().includes(word))) yield* actions();
      // `scale web 5` is one line; without a number it is its page that asks for one.
      const count = words.find((word) => /^\d{1,4}$/.test(word));
      for (const stack of stacks ?? []) {
        yield* stackActions(stack, sw);
        for (const service of stack.services) {
          if (count !== undefined && isScalable(service))
            yield scaleAction(service, sw, Number(count), service.wanted);
          yield* serviceActions(service, sw);
        }
      }
    }
    /** Actions are made only for what a word names, where the others may be the action's: there may be a hundred thousand. */
    function isNamed(name: string): boolean {
      const lower = name.toLowerCase();
      return (
        words.some((word) => lower.includes(word)) &&
        words.every((word) => lower.includes(word) || verbs.includes(word))
      );
    }
  }, [
    text,
    t,
    language,
    sw,
    orphanWords,
    live,
    stacks,
    setColorScheme,
    setLanguage,
    logOut,
    show,
    start,
    may,
    navigate,
    resources,
  ]);
}
