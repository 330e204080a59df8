/** Why an image could not be made, in one line. */
export class BakeError extends Error {}

/** The full tag of a base image that can be made (`busybox` is `busybox:latest`), undefined where there is no recipe. */
export function bakedTag(name: string): string | undefined;

/** The folder of finished archives, outside the checkout. */
export function imageCache(): string;

/** Make the image unless the cache has it. Blocks: seconds for busybox, about 40 s for debian. @throws BakeError */
export function bakeImage(name: string, options?: { install?: boolean }): { tag: string; archive: string };

/** Load the image into the engine at a Docker URL, unless it has it; returns the tag. @throws BakeError */
export function loadBakedImage(name: string, host: string, options?: { install?: boolean }): string;
