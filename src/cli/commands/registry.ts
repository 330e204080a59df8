import type { CommandSpec, Heading } from '../command.ts';
import { agent } from './agent.ts';
import { apiTokenCreate } from './api-token/create.ts';
import { apiTokenLs } from './api-token/ls.ts';
import { apiTokenRm } from './api-token/rm.ts';
import { audit } from './audit.ts';
import { autoscaleExplain } from './autoscale/explain.ts';
import { autoscaleHistory } from './autoscale/history.ts';
import { autoscaleLs } from './autoscale/ls.ts';
import { autoscaleRm } from './autoscale/rm.ts';
import { autoscaleSet } from './autoscale/set.ts';
import { bundle } from './bundle.ts';
import { certAdd } from './cert/add.ts';
import { certInspect } from './cert/inspect.ts';
import { certIssue } from './cert/issue.ts';
import { certLs } from './cert/ls.ts';
import { certRm } from './cert/rm.ts';
import { completion } from './completion.ts';
import { context } from './context.ts';
import { deploy } from './deploy.ts';
import { dnsAdd } from './dns/add.ts';
import { dnsLs } from './dns/ls.ts';
import { dnsRm } from './dns/rm.ts';
import { dnsZoneAdd } from './dns/zone-add.ts';
import { dnsZoneLs } from './dns/zone-ls.ts';
import { dnsZoneRm } from './dns/zone-rm.ts';
import { dnsZoneSet } from './dns/zone-set.ts';
import { down } from './down.ts';
import { events } from './events.ts';
import { fileCreate } from './file/create.ts';
import { fileInspect } from './file/inspect.ts';
import { fileLs } from './file/ls.ts';
import { fileRm } from './file/rm.ts';
import { secretRotateKey } from './file/rotate-key.ts';
import { help } from './help.ts';
import { ipLs } from './ip/ls.ts';
import { ipRelease } from './ip/release.ts';
import { ipReserve } from './ip/reserve.ts';
import { jobHistory } from './job/history.ts';
import { jobLs } from './job/ls.ts';
import { jobRun } from './job/run.ts';
import { lbAttach } from './lb/attach.ts';
import { lbCreate } from './lb/create.ts';
import { lbDetach } from './lb/detach.ts';
import { lbInspect } from './lb/inspect.ts';
import { lbListen } from './lb/listen.ts';
import { lbLs } from './lb/ls.ts';
import { lbRm } from './lb/rm.ts';
import { lbSet } from './lb/set.ts';
import { lbWeight } from './lb/weight.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { networkTest } from './network/test.ts';
import { nodeCordon, nodeUncordon } from './node/cordon.ts';
import { nodeDrain } from './node/drain.ts';
import { nodeFailover } from './node/failover.ts';
import { nodeInspect } from './node/inspect.ts';
import { nodeLabel } from './node/label.ts';
import { nodeLs } from './node/ls.ts';
import { nodeRm } from './node/rm.ts';
import { oidcRm } from './oidc/rm.ts';
import { oidcSet } from './oidc/set.ts';
import { oidcShow } from './oidc/show.ts';
import { orphanAdopt } from './orphan/adopt.ts';
import { orphanLs } from './orphan/ls.ts';
import { orphanRm } from './orphan/rm.ts';
import { plan } from './plan.ts';
import { rebalance } from './rebalance.ts';
import { registryLogin } from './registry/login.ts';
import { registryLogout } from './registry/logout.ts';
import { registryLs } from './registry/ls.ts';
import { releaseConfirm } from './release/confirm.ts';
import { releaseHistory } from './release/history.ts';
import { releasePause, releaseResume } from './release/pause.ts';
import { releaseRollback } from './release/rollback.ts';
import { releaseStatus } from './release/status.ts';
import { releaseWeight } from './release/weight.ts';
import { routeLs } from './route/ls.ts';
import { routePassword } from './route/password.ts';
import { serviceInspect } from './service/inspect.ts';
import { serviceLogs } from './service/logs.ts';
import { serviceLs } from './service/ls.ts';
import { servicePs } from './service/ps.ts';
import { serviceRestart } from './service/restart.ts';
import { serviceScale } from './service/scale.ts';
import { settingsGet } from './settings/get.ts';
import { settingsLs } from './settings/ls.ts';
import { settingsSet } from './settings/set.ts';
import { stackConfig } from './stack/config.ts';
import { stackDiff } from './stack/diff.ts';
import { stackEvents } from './stack/events.ts';
import { stackHistory } from './stack/history.ts';
import { stackLogs } from './stack/logs.ts';
import { stackLs } from './stack/ls.ts';
import { stackPs } from './stack/ps.ts';
import { stackRm } from './stack/rm.ts';
import { status } from './status.ts';
import { tokenCreate } from './token/create.ts';
import { tokenLs } from './token/ls.ts';
import { tokenRm } from './token/rm.ts';
import { top } from './top.ts';
import { triggerCreate } from './trigger/create.ts';
import { triggerLs } from './trigger/ls.ts';
import { triggerRm } from './trigger/rm.ts';
import { up } from './up.ts';
import { userCreate } from './user/create.ts';
import { userLs } from './user/ls.ts';
import { userPasswd } from './user/passwd.ts';
import { userRm } from './user/rm.ts';
import { userRole } from './user/role.ts';
import { userUnlock } from './user/unlock.ts';
import { version } from './version.ts';
import { volumeLs } from './volume/ls.ts';
import { volumeRm } from './volume/rm.ts';

/** Words that stand before several commands. */
export const GROUPS: readonly Readonly<{ name: string; summary: string; heading: Heading }>[] = [
  { name: 'node', summary: 'Hosts of the cluster', heading: 'Cluster:' },
  { name: 'token', summary: 'Tokens with which hosts join', heading: 'Cluster:' },
  { name: 'stack', summary: 'Stacks of services, from compose files', heading: 'Cluster:' },
  { name: 'service', summary: 'Services of stacks: equal containers', heading: 'Cluster:' },
  { name: 'volume', summary: 'Volumes of containers and stacks', heading: 'Cluster:' },
  { name: 'network', summary: 'Networks of containers', heading: 'Cluster:' },
  { name: 'registry', summary: 'Log-ins of registries, for images of services', heading: 'Cluster:' },
  { name: 'job', summary: 'Services that run to their end at their times', heading: 'Cluster:' },
  { name: 'autoscale', summary: 'Numbers of containers that follow their load', heading: 'Cluster:' },
  { name: 'trigger', summary: 'URLs that redeploy or scale services', heading: 'Cluster:' },
  { name: 'release', summary: 'Versions of services going out, and back', heading: 'Cluster:' },
  { name: 'route', summary: 'Domains and ports that lead to services', heading: 'Cluster:' },
  { name: 'secret', summary: 'Files for services that nobody is shown', heading: 'Cluster:' },
  { name: 'config', summary: 'Files for services', heading: 'Cluster:' },
  { name: 'cert', summary: 'Certificates of the routers', heading: 'Cluster:' },
  {
    name: 'lb',
    summary: 'Balancers: domains and ports for targets that are no services',
    heading: 'Cluster:',
  },
  { name: 'ip', summary: 'Addresses of networks that span hosts', heading: 'Cluster:' },
  { name: 'orphan', summary: 'Containers that a restored database does not know', heading: 'Cluster:' },
  { name: 'dns', summary: 'Zones that the manager answers for', heading: 'Cluster:' },
  { name: 'dns zone', summary: 'Zones and who may fetch them', heading: 'Cluster:' },
  { name: 'settings', summary: 'Settings of the cluster', heading: 'Cluster:' },
  { name: 'oidc', summary: 'Log-in with accounts of an OpenID Connect provider', heading: 'Cluster:' },
  { name: 'user', summary: 'Users and their roles', heading: 'Access:' },
  { name: 'api-token', summary: 'Tokens for programs that use the API', heading: 'Access:' },
];

/** Every command, in the order of help. */
export const COMMANDS: readonly CommandSpec[] = [
  up,
  down,
  agent,
  status,
  top,
  nodeLs,
  nodeInspect,
  nodeLabel,
  nodeCordon,
  nodeUncordon,
  nodeDrain,
  nodeFailover,
  nodeRm,
  tokenCreate,
  tokenLs,
  tokenRm,
  deploy,
  stackLs,
  stackPs,
  stackDiff,
  stackConfig,
  stackLogs,
  stackEvents,
  stackHistory,
  stackRm,
  volumeLs,
  volumeRm,
  serviceLs,
  servicePs,
  serviceScale,
  serviceLogs,
  serviceRestart,
  autoscaleLs,
  autoscaleExplain,
  autoscaleHistory,
  autoscaleSet,
  autoscaleRm,
  triggerLs,
  triggerCreate,
  triggerRm,
  serviceInspect,
  registryLogin,
  registryLs,
  registryLogout,
  jobLs,
  jobHistory,
  jobRun,
  releaseStatus,
  releaseHistory,
  releaseWeight,
  releaseConfirm,
  releaseRollback,
  releasePause,
  releaseResume,
  routeLs,
  routePassword,
  fileLs('secret'),
  fileInspect('secret'),
  fileCreate('secret'),
  fileRm('secret'),
  secretRotateKey,
  fileLs('config'),
  fileInspect('config'),
  fileCreate('config'),
  fileRm('config'),
  certLs,
  certInspect,
  certIssue,
  certAdd,
  certRm,
  lbLs,
  lbCreate,
  lbAttach,
  lbDetach,
  lbListen,
  lbWeight,
  lbSet,
  lbInspect,
  lbRm,
  plan,
  rebalance,
  networkTest,
  ipLs,
  ipReserve,
  ipRelease,
  dnsZoneAdd,
  dnsZoneSet,
  dnsZoneLs,
  dnsZoneRm,
  dnsAdd,
  dnsLs,
  dnsRm,
  orphanLs,
  orphanAdopt,
  orphanRm,
  events,
  audit,
  settingsLs,
  settingsGet,
  settingsSet,
  login,
  logout,
  bundle,
  context,
  userCreate,
  userLs,
  userPasswd,
  userRole,
  userUnlock,
  oidcSet,
  oidcShow,
  oidcRm,
  userRm,
  apiTokenCreate,
  apiTokenLs,
  apiTokenRm,
  version,
  completion,
  help,
];
