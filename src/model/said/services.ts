import { around } from './around.ts';

/** Why a container that is on its way is not ready yet; its name or number stands before it. */
const onItsWay = {
  'services.said.moves': 'moves to another host',
  'services.said.made': 'is being made',
  'services.said.paused': 'is paused',
  'services.said.created': 'is created',
  'services.said.removing': 'is removing',
  'services.said.unready': 'is not healthy yet',
  'services.said.unready.why': 'is not healthy yet: {*why}',
} as const;

/** Of one that has had time enough. */
const late = around(onItsWay, 'late', '', ', though there was time enough');

/** How a container has failed. */
const failed = {
  'services.said.stopped': 'was stopped by hand',
  'services.said.again': 'ended with {#code}, and is started again',
  'services.said.ended': 'ended with {#code}',
  'services.said.ended.why': 'ended with {#code}: {error}',
  'services.said.dead': 'is not live',
  'services.said.dead.why': 'is not live: {*why}',
  'services.said.unhealthy': 'is unhealthy',
  'services.said.unhealthy.why': 'is unhealthy: {*why}',
  'services.said.between': 'has ended, and was started again',
} as const;

/** What a service that may not begin yet waits for. */
const waits = {
  'services.waits.gone': 'waits for {+service}, which is not in the stack',
  'services.waits.started': 'waits for {+service} (to be started)',
  'services.waits.healthy': 'waits for {+service} (to be ready)',
  'services.waits.failed': 'waits for {+service}, whose release has failed',
  'services.waits.completed': 'waits for {+service} (to end well)',
} as const;

/** What a host has found out by looking at a container. */
const probes = {
  // The ways between hosts have it in the same words: it is one sentence.
  'services.probe.address':
    'this host has no address by which it reaches the container: use a command (exec)',
  'services.probe.closed': 'the connection was closed without an answer',
  'services.probe.strange': 'no HTTP answer, but {text}',
  'services.probe.long': 'the head of its answer is longer than {#bytes} bytes',
  'services.probe.exit': 'exit {#code}',
  'services.probe.exit.said': 'exit {#code}: {text}',
  'services.probe.open': 'port {#port} is open',
} as const;

/** How the new version answers beside the old one. */
const analysis = {
  'services.analysis.untold': 'no router has told of its requests yet',
  'services.analysis.few': '{#requests} requests are too few to judge it by, it takes {#least}',
  'services.analysis.errors':
    '{+share} % of its {#requests} requests ended in errors, {+before} % of those before it',
  'services.analysis.errors.over': '{+share} % of its {#requests} requests ended in errors, over {+limit} %',
  'services.analysis.slow': 'its 95th percentile is {#ms} ms, that of those before it {#before} ms',
} as const;

/** What has become of a run of a job. */
const runs = {
  'services.run.late': 'it could not begin in time',
  'services.run.removed': 'its container was removed',
  'services.run.lost': 'its host was lost',
  'services.run.long': 'took longer than {+seconds} s',
  'services.run.missed': 'nobody was there at its time',
  'services.run.missed.many': 'nobody was there at their times',
  'services.run.skipped': 'run {#number} went on',
  'services.run.replaced': 'by run {#number}',
  'services.run.release': 'release {#number} is kept no more',
} as const;

/** What a container needs, and cannot have. */
const needs = {
  'services.image.never': 'image {+image} is on no host that fits, and is not to be pulled',
  'services.image.build':
    'image {+image} is on no host that fits: build it with "docker build" or "docker-compose build"',
  'services.image.pulls': 'image {+image} is being pulled on {+host}',
  'services.image.fails': 'image {+image} cannot be pulled on {+host}: {*error}',
  'services.image.nowhere': 'no host that would take it has the image {+image}',
  'services.file.config': 'config {+name} is not there any more: make it anew',
  'services.file.secret': 'secret {+name} is not there any more: make it anew',
  'services.network.external':
    'external network {+name} is not there: make it with "docker network create {+same}", or take external from networks.{key}',
  'services.network.fails': 'network {+name}: {*reason}',
  'services.volume.external':
    'external volume {+name} is not there: make it with "docker volume create {+same}", or take external from volumes.{key}',
} as const;

/** What a deployment means for networks and volumes that are there already. */
const objects = {
  'services.network.labels': 'labels of network {+name} stay as they were when it was made',
  'services.network.anew': 'network {+name} is made anew',
  'services.network.goes': 'network {+name} goes once no container is on it',
  'services.volume.labels': 'labels of volume {+name} stay as they were when it was made',
  'services.volume.stays': 'volume {+name} stays: "berth volume rm {+same}" deletes it',
} as const;

/** What routers do not serve as its file may have meant it. */
const ways = {
  'services.route.direct':
    '{+domain} leads to its containers themselves, without a router: other containers reach it at port {#port}',
  'services.route.direct.path':
    '{+domain} leads to its containers themselves, without a router: other containers reach it at port {#port}, with {path} in the path',
  'services.route.terms':
    '{+domain} waits for its certificate until you agree to the terms of the CA: "berth settings set acmeTermsAgreed=true"',
  'services.route.plain': '{+domain} is served without TLS: {*hint}',
  'services.route.dead': '{+domain} sends clients to https, and nothing answers there: {*hint}',
  'services.route.tls': 'the routers have no port for TLS: "berth settings set routerTlsPort=443"',
  'services.listener.routers':
    'nothing listens on port {#port} for it alone, as the router has that for domains: give it one with berth.routing.port_{#inside}',
  'services.listener.not': 'nothing listens on port {#port} ({protocol}): {*why}',
  'services.listener.udp': 'the router has no UDP',
  'services.listener.tls':
    'TLS is ended at the port of the routers for domains: write https://DOMAIN in berth.routing.port_PORT, or tcp:// for TLS that the containers end',
} as const;

/** Of releases of services, and of jobs. */
export const serviceSentences = {
  ...onItsWay,
  ...late,
  ...failed,
  ...around(late, 'of', '{+name} ', ''),
  ...around(failed, 'of', '{+name} ', ''),
  ...waits,
  ...around(waits, 'because', '', ': {*why}'),
  ...probes,
  ...analysis,
  ...runs,
  ...needs,
  ...objects,
  ...ways,
  'services.container': 'container {#index} {*said}',
  'services.container.final': 'container {#index} {*said}, and its restart policy leaves it so',
  'services.confirm': 'for somebody to confirm it, or to go back',
  'services.unjudged':
    'it was set to 0 containers before it was judged: for somebody to confirm it once there are some, or to go back',
  'services.superseded': 'by release {#number}',
  'services.by': 'by {+user}',
  'services.weight': '{#weight} % of the requests go to it, as {user} has set',
} as const;
