import type { Assignment } from '../contract/link.ts';

/** Every step and its arguments; the executors (`steps.ts`) are keyed by it. */
export type StepArguments = {
  'ensure-network': { need: Assignment['needs']['networks'][number] };
  /** `config`: the user's settings of the container's endpoint in it. */
  'connect-network': {
    need: Assignment['needs']['networks'][number];
    config: Readonly<Record<string, unknown>>;
  };
  'disconnect-network': { name: string };
  'ensure-volume': { need: Assignment['needs']['volumes'][number] };
  /** Pulled where it is missing, as far as its registry lets anybody. */
  'ensure-image': { image: string; platform: string | undefined };
  /** Configs and secrets, where the container's mounts say. */
  'place-files': { id: string; files: NonNullable<Assignment['needs']['files']> };
  /** A container that the engine has under the cluster ID already is adopted instead. */
  create: { assignment: Assignment };
  /** The engine's container has another name than Berth's. Never fails the rest: the name may be in use here. */
  rename: { name: string };
  start: object;
  stop: { timeout: number | undefined; signal: string | undefined };
  restart: { timeout: number | undefined; signal: string | undefined };
  pause: object;
  unpause: object;
  remove: { force: boolean; volumes: boolean };
};
export type Step = {
  [K in keyof StepArguments]: Readonly<{ step: K } & StepArguments[K]>;
}[keyof StepArguments];
