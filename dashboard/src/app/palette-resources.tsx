import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Action } from '../actions/action.ts';
import { client } from '../cluster/client.ts';
import { useLiveQuery } from '../cluster/use-live-query.ts';
import { useResources } from '../cluster/use-resources.ts';
import { useText, useWords } from '../i18n/text.tsx';
import { removeImage } from '../pages/images/image-actions.ts';
import { imageName } from '../pages/images/image-name.ts';
import { words as imageWords } from '../pages/images/words.ts';
import { removeNetwork } from '../pages/networks/network-actions.ts';
import { words as networkWords } from '../pages/networks/words.ts';
import { removeBalancer, removeCertificate } from '../pages/router/router-actions.ts';
import { words as routerWords } from '../pages/router/words.ts';
import { words as settingWords } from '../pages/settings/words.ts';
import { removeToken, userActions } from '../pages/users/user-actions.ts';
import { words as userWords } from '../pages/users/words.ts';
import { removeVolume } from '../pages/volumes/volume-actions.ts';
import { words as volumeWords } from '../pages/volumes/words.ts';
import { domainText } from '../parts/domain-text.ts';
import type { IconName } from '../parts/icons.tsx';
import { wordOf } from '../parts/state.tsx';
import type { FoundGroup } from './found.ts';
import { foundSettings } from './palette-settings.ts';
import { useMay, useWho } from './session.tsx';

/** A page's form, which makes something or asks for more. */
export type Form = Readonly<{ id: string; icon: IconName; text: string; texts: string; run(): void }>;

const NO_ACTIONS = () => [];

/** What is not in the live picture, with what may be done to it. @param isWanted something was typed */
export function useFoundResources(
  isWanted: boolean,
): Readonly<{ groups: readonly FoundGroup[]; forms: readonly Form[] }> {
  const t = useText();
  const nw = useWords(networkWords);
  const vw = useWords(volumeWords);
  const iw = useWords(imageWords);
  const rw = useWords(routerWords);
  const uw = useWords(userWords);
  const sw = useWords(settingWords);
  const navigate = useNavigate();
  const may = useMay();
  const { user: own, role } = useWho();
  const isAdmin = may('admin');
  const resources = useResources(isWanted, role);
  const forms = useMemo((): readonly Form[] => {
    const operators: readonly Form[] = [
      {
        ...{ id: 'f-network', icon: 'plus', text: nw('create'), texts: 'create new network' },
        run: () => void navigate({ to: '/networks', search: { create: true } }),
      },
      {
        ...{ id: 'f-reach', icon: 'networks', text: nw('test'), texts: 'test network reachability' },
        run: () => void navigate({ to: '/networks', search: { test: true } }),
      },
      {
        ...{ id: 'f-volume', icon: 'plus', text: vw('create'), texts: 'create new volume' },
        run: () => void navigate({ to: '/volumes', search: { create: true } }),
      },
      {
        ...{ id: 'f-pull', icon: 'download', text: iw('pull'), texts: 'pull image' },
        run: () => void navigate({ to: '/images', search: { pull: true } }),
      },
    ];
    return may('operator') ? operators : [];
  }, [nw, vw, iw, may, navigate]);
  const groups = useMemo((): readonly FoundGroup[] => {
    const { networks, volumes, images, routes, balancers, certificates, users, tokens } = resources;
    return [
      {
        title: t('nav.networks'),
        all: networks.map((one) => ({
          ...{ id: `n-${one.id}`, icon: 'networks', text: one.name, note: one.driver, texts: one.subnets },
          run: () => void navigate({ to: '/networks/$network', params: { network: one.name } }),
          actions: () => (one.builtIn ? [] : [withReserved(removeNetwork(one, 0, nw), one)]),
        })),
      },
      {
        title: rw('routes'),
        all: routes.map(({ name, service, balancer }) => ({
          ...{ id: `r-${name}`, icon: 'router', text: domainText(name), note: service ?? balancer ?? '' },
          texts: [name, service ?? balancer ?? ''],
          run: () => void navigate({ to: '/router/route/$route', params: { route: name } }),
          actions: NO_ACTIONS,
        })),
      },
      {
        title: rw('balancers'),
        all: balancers.map((one) => ({
          ...{
            id: `b-${one.name}`,
            icon: 'router',
            text: one.name,
            note: domainText(one.listens.join(', ')),
          },
          texts: [...one.listens, domainText(one.listens.join(' '))],
          run: () => void navigate({ to: '/router/balancer/$balancer', params: { balancer: one.name } }),
          actions: () => [removeBalancer(one, rw, t)],
        })),
      },
      {
        title: rw('certificates'),
        all: certificates.map((one) => ({
          ...{ id: `x-${one.name}`, icon: 'lock', text: one.name, note: domainText(one.domains.join(', ')) },
          texts: [...one.domains, domainText(one.domains.join(' '))],
          run: () => void navigate({ to: '/router', search: { tab: 'certificates' } }),
          actions: () => (one.source === 'cluster' ? [] : [removeCertificate(one, rw, t)]),
        })),
      },
      {
        title: t('nav.images'),
        all: images.map((one) => ({
          ...{ id: `i-${one.id}`, icon: 'images', text: imageName(one), note: one.hostNames.join(', ') },
          texts: [...one.tags, one.id],
          run: () => void navigate({ to: '/images', search: { q: one.tags[0] ?? one.id } }),
          actions: () => [removeImage(one, iw)],
        })),
      },
      {
        title: t('nav.volumes'),
        all: volumes.map((one) => ({
          ...{ id: `vol-${one.name}`, icon: 'volumes', text: one.name, note: one.hostNames.join(', ') },
          texts: [one.stack],
          run: () => void navigate({ to: '/volumes/$volume', params: { volume: one.name } }),
          actions: () => [removeVolume(one, vw)],
        })),
      },
      {
        title: t('nav.users'),
        all: users.map((one) => ({
          ...{
            id: `u-${one.name}`,
            icon: 'user',
            text: one.name,
            note: wordOf(t, 'role', one.role),
            texts: [],
          },
          run: () => void navigate({ to: '/users', search: { tab: 'users' } }),
          actions: () => userActions(one, tokens, uw, t),
        })),
      },
      {
        title: uw('tokens'),
        all: tokens.map((one) => ({
          ...{ id: `t-${one.id}`, icon: 'lock', text: one.name, note: one.user, texts: [one.user] },
          run: () =>
            void (isAdmin
              ? navigate({ to: '/users', search: { tab: 'tokens' } })
              : navigate({ to: '/account' })),
          actions: () => [removeToken(one, own, uw, t)],
        })),
      },
      ...foundSettings(resources, sw, uw, t, (tab) =>
        tab === 'join'
          ? void navigate({ to: '/users', search: { tab } })
          : void navigate({ to: '/settings', search: { tab } }),
      ),
    ];
  }, [resources, t, nw, vw, iw, rw, uw, sw, navigate, isAdmin, own]);
  return useMemo(() => ({ groups, forms }), [groups, forms]);
}

/** How many of its addresses are reserved is not known of a list. */
function withReserved(action: Action, { id, scope }: Readonly<{ id: string; scope: string }>): Action {
  const { confirm } = action;
  return confirm === undefined || scope !== 'cluster'
    ? action
    : { ...action, confirm: { ...confirm, body: <Reserved network={id} /> } };
}

function Reserved({ network }: Readonly<{ network: string }>) {
  const w = useWords(networkWords);
  const { data } = useLiveQuery(['addresses', network], (signal) =>
    client.call('ip.list', { network }, { signal }),
  );
  const n = data?.addresses.filter(({ reservedFor }) => reservedFor !== undefined).length ?? 0;
  return n === 0 ? null : <p>{w('removeText', { n })}</p>;
}
