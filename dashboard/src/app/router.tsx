import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Failed } from './failed.tsx';
import { NotFound } from './not-found.tsx';
import { Shell } from './shell.tsx';

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview.tsx'), 'OverviewPage'),
});

const hostsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hosts',
  validateSearch: ({ add }: Record<string, unknown>): { add?: boolean } => (add === true ? { add } : {}),
  component: lazyRouteComponent(() => import('../pages/hosts.tsx'), 'HostsPage'),
});

const hostRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hosts/$host',
  component: lazyRouteComponent(() => import('../pages/host.tsx'), 'HostPage'),
});

type ContainersSearch = { q?: string; state?: string; host?: string };

const containersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/containers',
  validateSearch: (search: Record<string, unknown>): ContainersSearch => {
    const found: ContainersSearch = {};
    for (const key of ['q', 'state', 'host'] as const) {
      const value = search[key];
      // Numbers, too: "12" comes as one.
      if (typeof value === 'string' || typeof value === 'number') found[key] = String(value);
    }
    return found;
  },
  component: lazyRouteComponent(() => import('../pages/containers.tsx'), 'ContainersPage'),
});

const containerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/containers/$container',
  component: lazyRouteComponent(() => import('../pages/container.tsx'), 'ContainerPage'),
});

const networksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/networks',
  validateSearch: ({ create, test }: Record<string, unknown>): { create?: boolean; test?: boolean } => ({
    ...(create === true ? { create } : {}),
    ...(test === true ? { test } : {}),
  }),
  component: lazyRouteComponent(() => import('../pages/networks/networks.tsx'), 'NetworksPage'),
});

const networkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/networks/$network',
  component: lazyRouteComponent(() => import('../pages/networks/network.tsx'), 'NetworkPage'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    overviewRoute,
    hostsRoute,
    hostRoute,
    containersRoute,
    containerRoute,
    networksRoute,
    networkRoute,
  ]),
  defaultErrorComponent: Failed,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
