import type { DockerRoute } from '../call.ts';
import { buildImage, buildKitConnection, buildKitPlain, cancelBuild } from './build.ts';
import { images } from './list.ts';
import { loadImages } from './load.ts';
import { imageHistory, inspectImage } from './one-host.ts';
import { pruneBuildCache, pruneImages } from './prune.ts';
import { createImage } from './pull.ts';
import { distribution, pushImage, searchImages } from './registry.ts';
import { saveImage, saveImages } from './save.ts';
import { removeImage, tagImage } from './tag-remove.ts';

/** Images, building and registries. Order matters: `/images/get` is no image called "get". */
export const IMAGE_ROUTES: readonly DockerRoute[] = [
  { method: 'GET', pattern: '/images/json', role: 'viewer', handle: images },
  // A host's engine calls whatever registry is named, which a viewer may not have it do.
  { method: 'GET', pattern: '/images/search', role: 'operator', handle: searchImages },
  { method: 'GET', pattern: '/images/get', role: 'operator', handle: saveImages },
  {
    method: 'POST',
    pattern: '/images/create',
    role: 'operator',
    action: 'image.create',
    handle: createImage,
  },
  { method: 'POST', pattern: '/images/load', role: 'operator', action: 'image.load', handle: loadImages },
  { method: 'POST', pattern: '/images/prune', role: 'operator', action: 'image.prune', handle: pruneImages },
  { method: 'GET', pattern: '/images/:name*/get', role: 'operator', handle: saveImage },
  { method: 'GET', pattern: '/images/:name*/json', role: 'viewer', handle: inspectImage },
  { method: 'GET', pattern: '/images/:name*/history', role: 'viewer', handle: imageHistory },
  {
    method: 'POST',
    pattern: '/images/:name*/push',
    role: 'operator',
    action: 'image.push',
    handle: pushImage,
  },
  { method: 'POST', pattern: '/images/:name*/tag', role: 'operator', action: 'image.tag', handle: tagImage },
  {
    method: 'DELETE',
    pattern: '/images/:name*',
    role: 'operator',
    action: 'image.remove',
    handle: removeImage,
  },
  { method: 'GET', pattern: '/distribution/:name*/json', role: 'operator', handle: distribution },
  { method: 'POST', pattern: '/build', role: 'operator', action: 'image.build', handle: buildImage },
  { method: 'POST', pattern: '/build/cancel', role: 'operator', action: 'build.cancel', handle: cancelBuild },
  {
    method: 'POST',
    pattern: '/build/prune',
    role: 'operator',
    action: 'build.prune',
    handle: pruneBuildCache,
  },
  {
    method: 'POST',
    pattern: '/session',
    role: 'operator',
    action: 'build.session',
    handle: buildKitPlain,
    upgrade: buildKitConnection,
  },
  {
    method: 'POST',
    pattern: '/grpc',
    role: 'operator',
    action: 'build.grpc',
    handle: buildKitPlain,
    upgrade: buildKitConnection,
  },
];
