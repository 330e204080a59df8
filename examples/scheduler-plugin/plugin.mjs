// A filter and a strategy for Berth's scheduler. Name this file in the settings:
//   berth settings set plugins=/path/to/plugin.mjs
// The interface, with every field, is in src/scheduler/plugin.ts; docs/design/scheduler.md says how it is run.

/** Containers with the label `tenant` go only to hosts which that tenant has paid for (host label `tenants=a,b`). */
const tenants = {
  kind: 'filter',
  name: 'tenants',
  filter(request, hosts) {
    const tenant = request.labels.tenant;
    return hosts.map((host) => {
      if (tenant === undefined) return true;
      const allowed = (host.labels.tenants ?? '').split(',');
      return allowed.includes(tenant) || `not paid for by tenant ${tenant}`;
    });
  },
};

/** `--label berth.strategy=cheapest`, or `berth settings set strategy=cheapest`: host label `price`, per hour. */
const cheapest = {
  kind: 'strategy',
  name: 'cheapest',
  rank(_request, hosts) {
    // A host without a price comes last; among equals the emptier one.
    return hosts.map((host) => {
      const price = Number.parseFloat(host.labels.price ?? '');
      return (Number.isFinite(price) ? price : 1e9) + host.containers.length / 1e6;
    });
  },
};

/** @type {import('../../src/scheduler/plugin.ts').SchedulerPlugin[]} */
export default [tenants, cheapest];
