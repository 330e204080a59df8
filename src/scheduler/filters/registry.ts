import { affinity } from './affinity.ts';
import { availability } from './availability.ts';
import { constraint } from './constraint.ts';
import { containerslots } from './containerslots.ts';
import { cordon } from './cordon.ts';
import { dependency } from './dependency.ts';
import type { Filter } from './filter.ts';
import { health } from './health.ts';
import { held } from './held.ts';
import { image } from './image.ts';
import { network } from './network.ts';
import { port } from './port.ts';
import { replicas } from './replicas.ts';
import { resources } from './resources.ts';
import { whitelist } from './whitelist.ts';

/** In the order in which they are asked: classic Swarm's first. A host is counted under the first that refuses it. */
export const FILTERS: readonly Filter[] = [
  health,
  cordon,
  port,
  containerslots,
  dependency,
  affinity,
  constraint,
  whitelist,
  resources,
  held,
  network,
  availability,
  replicas,
  image,
];
