export type Moved = Readonly<{ id: string; name: string; from: string; to: string }>;
type Stayed = Readonly<{ id: string; name: string; from: string; reason: string }>;
export type Plan = Readonly<{ moves: readonly Moved[]; stays: readonly Stayed[] }>;
export type Job = Readonly<{
  state: 'running' | 'done';
  waiting: readonly Moved[];
  moved: readonly Moved[];
  stays: readonly Stayed[];
}>;

/** Who moves containers between hosts: the controllers, wired in `src/main/`. Hosts are named by ID. */
export interface ContainerMoves {
  /** @param without hosts that take nothing either */
  planDrain(hostId: string, without?: readonly string[]): Plan;
  drain(hostId: string): Promise<Job>;
  drainJob(hostId: string): Job | undefined;
  planRebalance(): Plan;
  rebalance(): Job;
  rebalanceJob(): Job | undefined;
  /** The host is gone, whatever else vanished with it. */
  release(hostId: string): void;
}
