export { newDockerEngine } from './docker/client.ts';
export { type Dial, dialerFor } from './docker/dial.ts';
export * from './engine.ts';
export { type EventStream, openEvents, pullImage } from './events.ts';
export { newSimulatedEngine, type SimulatedEngine } from './simulated/engine.ts';
