/** Labels that Berth puts on engine objects or reads from users' ones. */

/** On each container, network and volume that Berth made: the object's cluster ID. Hidden from users' listings. */
export const LABEL_ID = 'berth.cluster.id';
/** On each container that Berth made: the generation of the assignment that made it. */
export const LABEL_GENERATION = 'berth.cluster.generation';
/** On each object that Berth made: the ID of the cluster, so that two clusters never touch each other's objects. */
export const LABEL_CLUSTER = 'berth.cluster';

/** A container's restart policy, carried out by its host's agent: `always|unless-stopped|on-failure[:N]|no`. */
export const LABEL_RESTART = 'berth.restart';

/** `true`: moved to another host when its own is down; Berth's word for classic Swarm's `reschedule:on-node-failure`. */
export const LABEL_FAILOVER = 'berth.failover';

/** On users' containers. `fence`: stopped while the host is cut off from the manager; `keep`, as without it: runs on. */
export const LABEL_PARTITION = 'berth.partition';

/** On users' containers: of which service it is a replica. */
export const LABEL_SERVICE = 'berth.service';

/** Beginning of a label of a container: the name that stands behind it is its name for that domain name outside. */
export const LABEL_EXTERNAL = 'berth.external.';

/** On users' volumes. `host`: it is on one host, and holds its containers there; `cluster`: any host reaches it. */
export const LABEL_VOLUME_SCOPE = 'berth.volume.scope';

/** On hosts. `true`: domains lead here; where no host has it, they lead to every host. */
export const LABEL_INGRESS = 'berth.ingress';
/** On the container that is a host's router, beside `LABEL_CLUSTER`: what it was made from, as a digest. */
export const LABEL_ROUTER = 'berth.router';

/** Classic Swarm's labels, which keep the expressions that were stripped from the environment. JSON arrays of strings. */
export const SWARM_LABELS = {
  constraints: 'com.docker.swarm.constraints',
  affinities: 'com.docker.swarm.affinities',
  whitelists: 'com.docker.swarm.whitelists',
  reschedule: 'com.docker.swarm.reschedule-policies',
  id: 'com.docker.swarm.id',
} as const;

/** docker-compose's, also on what stacks make: name of the project, and key of the volume in its file. */
export const COMPOSE_LABELS = {
  project: 'com.docker.compose.project',
  volume: 'com.docker.compose.volume',
} as const;

const INTERNAL: ReadonlySet<string> = new Set([LABEL_ID, LABEL_GENERATION, LABEL_CLUSTER]);

/** The labels without Berth's own book-keeping. */
export function userLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = {};
  // A list of all containers asks for each: a loop takes a third of the time that entries do.
  for (const key of Object.keys(labels)) if (!INTERNAL.has(key)) own[key] = labels[key] as string;
  return own;
}
