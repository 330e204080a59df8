/** Parts of a host's page, by what its address calls them. */
export const HOST_TABS = ['overview', 'containers', 'network', 'events'] as const;
