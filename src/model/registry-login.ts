import { z } from 'zod';

/** Docker's own registry, where an image's name has none. */
export const DOCKER_HUB = 'docker.io';

/** `registry.example.com`, `10.0.0.1:5000`, `[fd00::1]:5000`, in lower case. */
export const registrySchema = z
  .string()
  .max(260)
  .regex(/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/, {
    error: (issue) =>
      `"${String(issue.input).slice(0, 80)}" is no registry: write its host, such as registry.example.com:5000`,
  });

/** What engines take in `X-Registry-Auth` (Docker's API, "Authentication"). */
export const registryAuthSchema = z.object({
  username: z.string().max(255).optional(),
  password: z.string().max(65_536).optional(),
  serveraddress: z.string().max(512).optional(),
  identitytoken: z.string().max(65_536).optional(),
  registrytoken: z.string().max(65_536).optional(),
});
export type RegistryAuth = Readonly<z.infer<typeof registryAuthSchema>>;

/** With what images of a registry are pulled for services. */
export const registryLoginSchema = z.object({
  kind: z.literal('registry-login'),
  registry: registrySchema,
  /** Key of the one service that it is for (`docker service create --with-registry-auth`); undefined: for all. */
  service: z.string().optional(),
  /** Empty where a token takes its place. */
  username: z.string(),
  /** `RegistryAuth` as JSON, sealed by the cluster's vault for `loginPurpose`. */
  sealed: z.string(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  by: z.string(),
});
export type RegistryLogin = Readonly<z.infer<typeof registryLoginSchema>>;

type LoginNames = Pick<RegistryLogin, 'registry' | 'service'>;

/** A service is named by a word with a slash, and a registry has none: keys are told apart. */
export function loginKey({ registry, service }: LoginNames): string {
  return service === undefined ? registry : `${service} ${registry}`;
}

export function loginPurpose(names: LoginNames): string {
  return `registryLogins/${loginKey(names)}`;
}

/** The registry of an image (distribution: reference/normalize.go, splitDockerDomain), as `registrySchema` has it. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const named =
    rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  return named ? registryName(first) : DOCKER_HUB;
}

/** `https://index.docker.io/v1/` is `docker.io`; of other addresses the host is what counts. */
export function registryName(address: string): string {
  const host = address
    .trim()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
  return host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io' ? DOCKER_HUB : host;
}
