import type { AgentFrame, ManagerFrame } from '../../contract/link.ts';

/** One live connection of a host's agent, as the link hands it over. */
export interface AgentSession {
  readonly hostId: string;
  readonly hostName: string;
  /** host:port from which the agent dialled. */
  readonly remoteAddress: string;
  send(frame: ManagerFrame): void;
  /** Frames in order, already validated. */
  onFrame(listener: (frame: AgentFrame) => void): void;
  /** Once; `reason` is one sentence. */
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
}
