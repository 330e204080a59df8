import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import { client } from './client.ts';
import { LiveCluster, type Picture } from './live.ts';

const Context = createContext<LiveCluster | undefined>(undefined);

type Props = Readonly<{ onLogOut(): void; children: ReactNode }>;

/** Follows the cluster for as long as it is shown. */
export function ClusterProvider({ onLogOut, children }: Props) {
  const [live] = useState(() => new LiveCluster(client, onLogOut));
  useEffect(() => live.start(), [live]);
  return <Context value={live}>{children}</Context>;
}

export function useLive(): LiveCluster {
  const live = useContext(Context);
  if (live === undefined) throw new Error('there is no ClusterProvider above');
  return live;
}

export function usePicture(): Picture {
  const live = useLive();
  return useSyncExternalStore(live.subscribe, live.snapshot);
}

/** As `usePicture`, at most so often: for what is dear to draw. @param everyMs well below a second: changes are to be seen in one */
export function useCalmPicture(everyMs: number): Picture {
  const live = useLive();
  const [picture, setPicture] = useState(live.snapshot);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setPicture(live.snapshot());
      }, everyMs);
    };
    look();
    const unsubscribe = live.subscribe(look);
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [live, everyMs]);
  return picture;
}

/** As lists show it: of a host that is down nobody knows what runs there. */
export function shownState(container: ContainerView, nodes: ReadonlyMap<string, Node>): string {
  return nodes.get(container.hostId)?.state === 'down' ? 'unreachable' : container.state;
}

export function nodesById(nodes: readonly Node[]): ReadonlyMap<string, Node> {
  return new Map(nodes.map((node) => [node.id, node]));
}
