import { refusalText } from '../../scheduler/explain.ts';
import { Scheduler } from '../../scheduler/place.ts';
import type { LoadedPlugins } from '../../scheduler/plugin.ts';
import { type PlacementRequest, placementRequest, withHolds } from '../../scheduler/request.ts';
import type { ReadTx, Store } from '../../store/store.ts';
import { rememberRequest } from './container-views.ts';
import { driversOf, holdsOf } from './holds.ts';
import type { Placement, PlacementExplanation, PlaceRequest, Placer } from './placer.ts';
import { StoreView } from './store-view.ts';

export type StorePlacerOptions = Readonly<{
  store: Store;
  /** Runs the modules at these paths (`settings.plugins`); without it such settings place nothing special. */
  plugins?: PluginRunner;
  /** For strategies that draw; the same seed, cluster and requests give the same hosts. */
  seed?: number;
}>;

/** What `src/main/plugin-host.ts` gives. */
export interface PluginRunner {
  /** The same object for the same paths, so that rankings can be kept. */
  load(paths: readonly string[]): LoadedPlugins;
}

export type StorePlacer = Placer & Readonly<{ close(): void }>;

/**
 * A placer over everything that the store knows, as of the transaction that asks: inside `store.update` it counts what
 * was written before in the same transaction.
 */
export function newStorePlacer({ store, plugins, seed }: StorePlacerOptions): StorePlacer {
  const storeView = new StoreView(store);
  const scheduler = new Scheduler(storeView.view, {
    seed,
    plugins: plugins && (() => plugins.load(storeView.view.settings.plugins)),
  });
  /** The request, on a view that is as new as `tx`. */
  const prepare = (tx: ReadTx, { name, spec, strategy, anyImage }: PlaceRequest): PlacementRequest => {
    storeView.at(tx);
    const request = placementRequest(name, spec, {
      ...(strategy === undefined ? {} : { strategy }),
      ...(anyImage === undefined ? {} : { anyImage }),
    });
    rememberRequest(spec, request);
    const holds = holdsOf(tx, request);
    const drivers = driversOf(tx, request);
    return holds.length + drivers.length === 0 ? request : withHolds(request, holds, drivers);
  };
  return {
    place(tx, asked): Placement {
      return { hostId: scheduler.place(prepare(tx, asked)).id };
    },
    explain(tx, asked): PlacementExplanation {
      const request = prepare(tx, asked);
      const explained = scheduler.explain(request);
      return {
        chosen: explained.chosen?.id,
        refusal: explained.chosen === undefined ? refusalText(request, explained) : undefined,
        ...(explained.onlyImageMissing ? { onlyImageMissing: true } : {}),
        hosts: explained.hosts.map(({ host, fits, reasons, outside, score }) => ({
          ...{ hostId: host.id, hostName: host.name, fits, reasons, score },
          ...(outside ? { outside } : {}),
        })),
      };
    },
    close: () => storeView.close(),
  };
}
