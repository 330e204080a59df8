import { digestOf } from '../../kit/digest.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { defaultSettings, type Settings, settingsSchema } from '../../model/settings.ts';
import { parseSource } from '../../model/spanning/choose-subnet.ts';
import { SPAN_DRIVERS } from '../../model/spanning/registry.ts';
import { parseExpression } from '../../scheduler/expression.ts';
import { type LoadedPlugins, NO_PLUGINS } from '../../scheduler/plugin.ts';
import { STRATEGIES } from '../../scheduler/strategies/registry.ts';
import type { ReadTx } from '../../store/store.ts';
import { SETTINGS_KEY } from '../../store/tables.ts';
import type { PluginRunner } from '../placement/store-placer.ts';
import type { ApiDeps } from './deps.ts';
import type { Handlers } from './handler.ts';

export const settingsHandlers: Handlers<'settings.get' | 'settings.patch'> = {
  // A record of an older release may lack what has come since.
  'settings.get': ({ deps }) => answerOf({ ...defaultSettings, ...deps.store.view(read).settings }),

  'settings.patch': async ({ deps, query: { ifVersion }, body, about }) => {
    about(Object.keys(body).join(','));
    const before = deps.store.view(read).settings;
    if (ifVersion !== undefined && ifVersion !== answerOf({ ...defaultSettings, ...before }).version)
      throw changedMeanwhile();
    const settings = merge(before, body);
    checkStrategy(settings, pluginsOf(deps, settings.plugins, before.plugins));
    return deps.store.update((tx) => {
      const record = read(tx);
      if (record.settings !== before) throw changedMeanwhile();
      tx.put('settings', { ...record, settings });
      return answerOf(settings);
    });
  },
};

function answerOf(settings: Settings) {
  return { settings, version: digestOf(settings).slice(0, 16) };
}

function changedMeanwhile(): BerthError {
  return new BerthError('conflict', 'the settings were changed by somebody else at the same time', {
    hint: 'look at them and try again',
  });
}

function read(tx: ReadTx) {
  const record = tx.get('settings', SETTINGS_KEY);
  if (record === undefined) throw new BerthError('internal', 'the cluster has no settings record');
  return record;
}

function merge(before: Settings, patch: Readonly<Record<string, unknown>>): Settings {
  const changed: Record<string, unknown> = { ...defaultSettings, ...before };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    changed[key] = value === null ? defaultSettings[key as keyof Settings] : value;
  }
  const settings = settingsSchema.parse(changed);
  if (settings.downAfterMs < settings.suspectAfterMs) {
    throw new BerthError(
      'bad_request',
      `downAfterMs (${settings.downAfterMs}) is less than suspectAfterMs (${settings.suspectAfterMs})`,
      { hint: 'a host is suspect before it is down: change both' },
    );
  }
  checkImageHosts(settings.imageHosts.trim());
  checkNetworks(settings);
  const relative = settings.plugins.find((path) => !path.startsWith('/'));
  if (relative !== undefined) {
    throw new BerthError('bad_request', `plugins: "${relative}" is not an absolute path on the manager`);
  }
  return settings;
}

/** Read here, so that a mistake is told now and not to the next one who pulls an image. */
function checkImageHosts(text: string): void {
  if (text === 'all') return;
  try {
    parseExpression('constraint', text);
  } catch (thrown) {
    throw new BerthError('bad_request', `imageHosts: ${messageOf(thrown)}`, {
      hint: 'write it as role==web, or "all" for every host',
    });
  }
}

function checkNetworks({ networkDriver, networkPools }: Settings): void {
  const drivers = ['bridge', ...SPAN_DRIVERS.map(({ name }) => name)];
  if (!drivers.includes(networkDriver))
    throw new BerthError('bad_request', `networkDriver: "${networkDriver}" is not one`, {
      hint: `known are: ${drivers.join(', ')}`,
    });
  const wrong = networkPools.find((text) => parseSource(text) === undefined);
  if (wrong !== undefined)
    throw new BerthError(
      'bad_request',
      `networkPools: "${wrong}" is not an IPv4 range with a prefix length`,
      {
        hint: 'write it as 10.128.0.0/9:20: subnets of /20 are cut from 10.128.0.0/9',
      },
    );
}

/**
 * What the modules at these paths bring. One that cannot be used is refused here, rather than when the next container
 * is placed.
 */
function pluginsOf(deps: ApiDeps, paths: readonly string[], before: readonly string[]): LoadedPlugins {
  if (deps.plugins === undefined) {
    if (paths.length === 0) return NO_PLUGINS;
    throw new BerthError(
      'unsupported',
      `plugins: this manager runs none, so ${paths.join(', ')} cannot be named`,
    );
  }
  try {
    return deps.plugins.load(paths);
  } catch (thrown) {
    restore(deps.plugins, before);
    throw new BerthError('bad_request', `plugins: ${messageOf(thrown)}`, {
      hint: 'the settings are as they were: mend the module, then set them again',
    });
  }
}

/** Back to those that the settings name still. */
function restore(plugins: PluginRunner, paths: readonly string[]): void {
  try {
    plugins.load(paths);
  } catch {
    // Broken before as well: whoever places the next container is told.
  }
}

function checkStrategy({ strategy }: Settings, plugins: LoadedPlugins): void {
  const names = [...STRATEGIES, ...plugins.strategies].map((known) => known.name);
  if (names.includes(strategy)) return;
  throw new BerthError('bad_request', `strategy: "${strategy.slice(0, 64)}" is not one`, {
    hint: `known are: ${names.join(', ')}`,
  });
}
