/**
 * What runs in a plugin's thread, as source text: a bundle has no second file that a `Worker` could be started from, and
 * the same text runs under tsx and vitest. CommonJS, as `eval` workers are. It tells by `signal[0]` how far it is:
 * 1 the call has arrived and the plugin runs, 2 the answer is on the port.
 */
export const PLUGIN_WORKER_SOURCE = `
'use strict';
const { workerData } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
const { port, path } = workerData;
const signal = new Int32Array(workerData.signal);
const hosts = new Map();
let plugins = [];

function tell(state) {
  Atomics.store(signal, 0, state);
  Atomics.notify(signal, 0);
}

function answer(message) {
  try {
    port.postMessage(message);
  } catch (thrown) {
    port.postMessage({ error: 'answered with something that cannot be copied: ' + textOf(thrown) });
  }
  tell(2);
}

function textOf(thrown) {
  try {
    return String((thrown && thrown.message) || thrown).slice(0, 300);
  } catch {
    return 'an error that has no text';
  }
}

function freeze(value) {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

async function load() {
  const module = await import(pathToFileURL(path).href);
  const list = [].concat(module.default === undefined ? [] : module.default);
  if (list.length === 0) throw new Error('it has no default export');
  for (const plugin of list) {
    const wanted = plugin && plugin.kind === 'strategy' ? 'rank' : 'filter';
    if (!plugin || (plugin.kind !== 'filter' && plugin.kind !== 'strategy'))
      throw new Error('its default export is not { kind: "filter" | "strategy", name, … }, nor a list of such');
    if (typeof plugin.name !== 'string' || !/^[a-z0-9][a-z0-9_.-]{0,62}$/i.test(plugin.name))
      throw new Error('a plugin in it has no name of letters, digits, _ . -');
    if (typeof plugin[wanted] !== 'function') throw new Error('plugin ' + plugin.name + ' has no function ' + wanted);
  }
  plugins = list;
  return list.map(({ kind, name }) => ({ kind, name }));
}

port.on('message', (call) => {
  if (call.forget) hosts.clear();
  for (const host of call.updates) hosts.set(host.id, freeze(host));
  const asked = call.hostIds.map((id) => hosts.get(id));
  const plugin = plugins[call.plugin];
  tell(1);
  try {
    const request = freeze(call.request);
    const result = plugin.kind === 'filter' ? plugin.filter(request, asked) : plugin.rank(request, asked);
    answer({ result });
  } catch (thrown) {
    answer({ error: 'threw: ' + textOf(thrown) });
  }
});

load().then(
  (loaded) => answer({ result: loaded }),
  (thrown) => answer({ error: 'cannot be loaded: ' + textOf(thrown) }),
);
`;
