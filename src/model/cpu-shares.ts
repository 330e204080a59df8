/**
 * CpuShares up to this many are cores, as classic Swarm read them; larger ones are the engine's relative weight (1024 by
 * default), which sets nothing aside. Weights as small as this are not used: a container would hardly run.
 */
export const MOST_SHARES_AS_CORES = 64;
