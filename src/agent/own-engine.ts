import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import type { AssignmentFiles } from './assignment-files.ts';
import { machineIdOf } from './machine-id.ts';

type OwnEngineDeps = Readonly<{
  files: AssignmentFiles;
  logger: Logger;
  hostId: string;
  /** What `/etc/machine-id` has. */
  etcMachineId: string;
  /** Take any engine for this host's. */
  anyEngine: boolean;
  /** How long the engine is waited for before the one that was seen last counts; milliseconds. */
  graceMs: number;
}>;

/** Which machine this is, and whether the engine here is the one that the data directory belongs to. */
export class OwnEngine {
  /** See `Agent.machineId`. */
  readonly machineId: Promise<string>;
  /** See `Agent.refused`. */
  readonly refused: Promise<string>;
  /** Why the engine here is not this host's, once that is known. */
  refusal: string | undefined;
  private found: (engineId: string) => void = () => {};
  private tellRefused: (reason: string) => void = () => {};
  private readonly grace: NodeJS.Timeout | undefined;

  constructor(private readonly deps: OwnEngineDeps) {
    this.machineId = new Promise((resolve) => {
      this.found = (engineId) => resolve(machineIdOf(deps.etcMachineId, engineId));
    });
    this.refused = new Promise((resolve) => {
      this.tellRefused = resolve;
    });
    const { engineId } = deps.files.state;
    if (engineId !== undefined) this.grace = setTimeout(() => this.found(engineId), deps.graceMs);
  }

  /**
   * The engine has said who it is. False where it is another one than that of the data directory, a copied one: acting on it
   * would make its containers twice, and remove those of this machine's host.
   */
  isOwn(engineId: string): boolean {
    const { files, logger, anyEngine } = this.deps;
    const known = files.state.engineId;
    if (known !== undefined && known !== engineId && !anyEngine) {
      this.refuse(engineId, known);
      return false;
    }
    this.found(engineId);
    if (known !== engineId) {
      files
        .setState({ engineId })
        .catch((thrown) => logger.warn({ error: messageOf(thrown) }, 'engine ID not written'));
    }
    return true;
  }

  close(): void {
    clearTimeout(this.grace);
  }

  private refuse(engineId: string, known: string): void {
    if (this.refusal !== undefined) return;
    this.refusal =
      `the data directory of host ${this.deps.hostId} belongs to another machine: the Docker Engine here is ${engineId}, ` +
      `and it joined with ${known}; empty it on this machine (also where Docker was installed anew) and join with a token of its own (berth token create)`;
    this.deps.logger.error({ reason: this.refusal }, 'not this host');
    this.tellRefused(this.refusal);
  }
}
