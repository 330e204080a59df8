import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { CONTAINER_TABS } from '../pages/container/tabs.ts';
import { HOST_TABS } from '../pages/host/tabs.ts';
import type { ListSearch } from '../parts/filtered-list.tsx';
import { tabOf } from '../parts/tab-of.ts';
import { Failed, FailedInside } from './failed.tsx';
import { lazyPage } from './lazy-page.ts';
import { NotFound } from './not-found.tsx';
import { Shell } from './shell.tsx';

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: Failed,
});

/** Texts of a page's address, of those keys. */
function textsOf<K extends string>(
  search: Record<string, unknown>,
  keys: readonly K[],
): { [k in K]?: string } {
  const found: { [k in K]?: string } = {};
  for (const key of keys) {
    const value = search[key];
    // Numbers, too: "12" comes as one.
    if (typeof value === 'string' || typeof value === 'number') found[key] = String(value);
  }
  return found;
}

/** How a list is filtered. */
function listOf(search: Record<string, unknown>): ListSearch {
  return { ...textsOf(search, ['q']), ...(search.checked === true ? { checked: true } : {}) };
}

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: lazyPage(() => import('../pages/overview.tsx'), 'OverviewPage'),
});

type TopologySearch = {
  q?: string;
  by?: 'service' | 'health';
  /** Chosen when the page is opened. */
  host?: string;
  /** Shows what draining this host would move. */
  drain?: string;
  rebalance?: boolean;
  /** Shows what another number of containers of this STACK/SERVICE would make and take away. */
  scale?: string;
  count?: number;
  /** Asks where containers of an image would go. */
  place?: boolean;
};

const topologyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/topology',
  validateSearch: (search: Record<string, unknown>): TopologySearch => ({
    ...textsOf(search, ['q', 'host', 'drain', 'scale']),
    ...(typeof search.count === 'number' && search.count >= 0 ? { count: Math.trunc(search.count) } : {}),
    ...(search.by === 'health' ? { by: 'health' } : {}),
    ...(search.rebalance === true ? { rebalance: true } : {}),
    ...(search.place === true ? { place: true } : {}),
  }),
  component: lazyPage(() => import('../pages/topology/topology.tsx'), 'TopologyPage'),
});

const hostsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hosts',
  validateSearch: (search: Record<string, unknown>): { add?: boolean; sort?: string } => ({
    ...textsOf(search, ['sort']),
    ...(search.add === true ? { add: true } : {}),
  }),
  component: lazyPage(() => import('../pages/hosts.tsx'), 'HostsPage'),
});

const hostRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hosts/$host',
  validateSearch: ({ tab }: Record<string, unknown>) => tabOf(HOST_TABS, tab),
  component: lazyPage(() => import('../pages/host.tsx'), 'HostPage'),
});

const containersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/containers',
  validateSearch: (search: Record<string, unknown>) =>
    textsOf(search, ['q', 'state', 'health', 'host', 'stack', 'service', 'made', 'sort']),
  component: lazyPage(() => import('../pages/containers/containers.tsx'), 'ContainersPage'),
});

const containerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/containers/$container',
  validateSearch: ({ tab }: Record<string, unknown>) => tabOf(CONTAINER_TABS, tab),
  component: lazyPage(() => import('../pages/container.tsx'), 'ContainerPage'),
});

const stacksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/stacks',
  component: lazyPage(() => import('../pages/stacks/stacks.tsx'), 'StacksPage'),
});

const stackRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/stacks/$stack',
  component: lazyPage(() => import('../pages/stacks/stack.tsx'), 'StackPage'),
});

const stackServicesRoute = createRoute({
  getParentRoute: () => stackRoute,
  path: '/',
  component: lazyPage(() => import('../pages/stacks/services-tab.tsx'), 'StackServices'),
});

const stackContainersRoute = createRoute({
  getParentRoute: () => stackRoute,
  path: '/containers',
  component: lazyPage(() => import('../pages/stacks/containers-tab.tsx'), 'StackContainers'),
});

const stackLogsRoute = createRoute({
  getParentRoute: () => stackRoute,
  path: '/logs',
  validateSearch: (search: Record<string, unknown>) => textsOf(search, ['service']),
  component: lazyPage(() => import('../pages/stacks/logs-tab.tsx'), 'StackLogs'),
});

const stackHistoryRoute = createRoute({
  getParentRoute: () => stackRoute,
  path: '/history',
  component: lazyPage(() => import('../pages/stacks/history-tab.tsx'), 'StackHistory'),
});

const stackPictureRoute = createRoute({
  getParentRoute: () => stackRoute,
  path: '/picture',
  component: lazyPage(() => import('../pages/stack-picture/stack-picture.tsx'), 'StackPicture'),
});

// No stack can be called so: `new` is a good name of one.
const newStackRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/stacks/+new',
  component: lazyPage(() => import('../pages/editor/new-stack.tsx'), 'NewStackPage'),
});

const editStackRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/stacks/$stack/edit',
  component: lazyPage(() => import('../pages/editor/edit-stack.tsx'), 'EditStackPage'),
});

// Not right below the stack, where a service that is called `logs` would be a part of the stack's page.
const serviceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/stacks/$stack/services/$service',
  component: lazyPage(() => import('../pages/stacks/service.tsx'), 'ServicePage'),
});

const serviceOverviewRoute = createRoute({
  getParentRoute: () => serviceRoute,
  path: '/',
  component: lazyPage(() => import('../pages/stacks/overview-tab.tsx'), 'ServiceOverview'),
});

const serviceReleasesRoute = createRoute({
  getParentRoute: () => serviceRoute,
  path: '/releases',
  component: lazyPage(() => import('../pages/stacks/releases-tab.tsx'), 'ServiceReleases'),
});

const serviceAutoscalingRoute = createRoute({
  getParentRoute: () => serviceRoute,
  path: '/autoscaling',
  component: lazyPage(() => import('../pages/stacks/autoscale-tab.tsx'), 'ServiceAutoscaling'),
});

const serviceChartsRoute = createRoute({
  getParentRoute: () => serviceRoute,
  path: '/charts',
  component: lazyPage(() => import('../pages/stacks/charts-tab.tsx'), 'ServiceFigures'),
});

const serviceWaysRoute = createRoute({
  getParentRoute: () => serviceRoute,
  path: '/ways',
  component: lazyPage(() => import('../pages/stacks/ways-tab.tsx'), 'ServiceWays'),
});

const networksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/networks',
  validateSearch: (search: Record<string, unknown>): ListSearch & { create?: boolean; test?: boolean } => ({
    ...listOf(search),
    ...(search.create === true ? { create: true } : {}),
    ...(search.test === true ? { test: true } : {}),
  }),
  component: lazyPage(() => import('../pages/networks/networks.tsx'), 'NetworksPage'),
});

const networkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/networks/$network',
  component: lazyPage(() => import('../pages/networks/network.tsx'), 'NetworkPage'),
});

const routerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/router',
  validateSearch: (search: Record<string, unknown>) => textsOf(search, ['tab', 'q', 'show', 'sort']),
  component: lazyPage(() => import('../pages/router/router.tsx'), 'RouterPage'),
});

const routeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/router/route/$route',
  component: lazyPage(() => import('../pages/router/route.tsx'), 'RoutePage'),
});

const balancerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/router/balancer/$balancer',
  component: lazyPage(() => import('../pages/router/balancer.tsx'), 'BalancerPage'),
});

const eventsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/events',
  validateSearch: (search: Record<string, unknown>) => textsOf(search, ['kind', 'host', 'q']),
  component: lazyPage(() => import('../pages/events/events.tsx'), 'EventsPage'),
});

const auditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>) =>
    textsOf(search, ['user', 'action', 'target', 'result', 'since', 'until']),
  component: lazyPage(() => import('../pages/audit/audit.tsx'), 'AuditPage'),
});

const usersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/users',
  validateSearch: (search: Record<string, unknown>) => textsOf(search, ['tab']),
  component: lazyPage(() => import('../pages/users/users.tsx'), 'UsersPage'),
});

const accountRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/account',
  component: lazyPage(() => import('../pages/users/account.tsx'), 'AccountPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  validateSearch: (search: Record<string, unknown>) => textsOf(search, ['tab', 'zone']),
  component: lazyPage(() => import('../pages/settings/settings.tsx'), 'SettingsPage'),
});

const imagesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/images',
  validateSearch: (search: Record<string, unknown>): ListSearch & { pull?: boolean } => ({
    ...listOf(search),
    ...(search.pull === true ? { pull: true } : {}),
  }),
  component: lazyPage(() => import('../pages/images/images.tsx'), 'ImagesPage'),
});

const volumesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/volumes',
  validateSearch: (search: Record<string, unknown>): ListSearch & { create?: boolean } => ({
    ...listOf(search),
    ...(search.create === true ? { create: true } : {}),
  }),
  component: lazyPage(() => import('../pages/volumes/volumes.tsx'), 'VolumesPage'),
});

const volumeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/volumes/$volume',
  component: lazyPage(() => import('../pages/volumes/volume.tsx'), 'VolumePage'),
});

const orphansRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/orphans',
  validateSearch: listOf,
  component: lazyPage(() => import('../pages/orphans/orphans.tsx'), 'OrphansPage'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    overviewRoute,
    topologyRoute,
    hostsRoute,
    hostRoute,
    containersRoute,
    containerRoute,
    stacksRoute,
    newStackRoute,
    editStackRoute,
    stackRoute.addChildren([
      stackServicesRoute,
      stackPictureRoute,
      stackContainersRoute,
      stackLogsRoute,
      stackHistoryRoute,
    ]),
    serviceRoute.addChildren([
      serviceOverviewRoute,
      serviceReleasesRoute,
      serviceAutoscalingRoute,
      serviceChartsRoute,
      serviceWaysRoute,
    ]),
    networksRoute,
    networkRoute,
    routerRoute,
    routeRoute,
    balancerRoute,
    eventsRoute,
    auditRoute,
    usersRoute,
    accountRoute,
    settingsRoute,
    imagesRoute,
    volumesRoute,
    volumeRoute,
    orphansRoute,
  ]),
  defaultErrorComponent: FailedInside,
  // What was typed for one thing is not taken for another's, where the address goes on to that at once.
  defaultRemountDeps: ({ params }) => params,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

/** Fetches the piece of the page that is asked for, while it is still found out who asks. */
export function fetchFirstPage(): void {
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    // Where it is not to be had, the page that is shown then says so.
    router
      .loadRouteChunk(router.routesById[routeId as keyof typeof router.routesById])
      ?.catch(() => undefined);
  }
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
