import type { ObservedImage } from '../../../model/objects.ts';
import type { DockerCall } from '../call.ts';
import { fanOut } from '../fanout.ts';
import { sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { filtersOf, flag } from '../query.ts';
import { addWarnings, reachableHosts, unreachableWarnings } from '../system/hosts.ts';
import { imageRecord } from '../system/observe.ts';
import { IMAGE_FILTERS, listImages } from './image-list.ts';

/**
 * `GET /images/json`, from what the agents report. Intermediate images (`all`) are not reported: for those the engines
 * are asked, within the cluster's time limit.
 */
export async function images(call: DockerCall): Promise<void> {
  const { apiVersion, deps, query, res } = call;
  const filters = new Map(filtersOf(query, IMAGE_FILTERS));
  // Before API 1.41 the reference had a parameter of its own.
  const reference = query.get('filter');
  if (reference) filters.set('reference', [...(filters.get('reference') ?? []), reference]);
  const asked = flag(query, 'all') ? await allOfEngines(call) : undefined;
  const answer = deps.store.view((tx) =>
    listImages(tx, asked ?? tx.all('observedImages'), filters, { apiVersion, now: deps.clock.now() }),
  );
  if (asked === undefined) addWarnings(res, unreachableWarnings(call));
  sendJson(res, 200, answer);
}

async function allOfEngines(call: DockerCall): Promise<ObservedImage[]> {
  const path = enginePath(call, '/images/json', new URLSearchParams({ all: '1' }));
  const { answers, warnings } = await fanOut(call, reachableHosts(call), (host, signal) =>
    askJson<Record<string, unknown>[]>(call, host.id, { method: 'GET', path, signal }),
  );
  addWarnings(call.res, [...warnings, ...unreachableWarnings(call)]);
  return answers.flatMap(({ host, value }) => value.map((raw) => imageRecord(host.id, raw)));
}
