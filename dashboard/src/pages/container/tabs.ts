/** Parts of a container's page, by what its address calls them. */
export const CONTAINER_TABS = ['logs', 'charts', 'terminal', 'files', 'inspect'] as const;
