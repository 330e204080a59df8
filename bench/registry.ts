import type { Benchmark } from './benchmark.ts';
import { api } from './fleet/api.ts';
import { fleet } from './fleet/fleet.ts';
import { members } from './fleet/members.ts';
import { deploy } from './lab/deploy.ts';
import { failover } from './lab/failover.ts';
import { metrics } from './lab/metrics.ts';
import { names } from './lab/names.ts';
import { network } from './lab/network/network.ts';
import { overhead } from './lab/overhead.ts';
import { probes } from './lab/probes.ts';
import { release } from './lab/release.ts';
import { dashboard } from './page/dashboard.ts';
import { placement } from './placement.ts';
import { router } from './router/router.ts';

export const BENCHMARKS: readonly Benchmark[] = [
  placement,
  overhead,
  fleet,
  failover,
  api,
  network,
  members,
  names,
  probes,
  metrics,
  router,
  release,
  deploy,
  dashboard,
];
