export { AUTOSCALER, AutoScaler } from './loops/autoscaler.ts';
export { CertificateCare } from './loops/certificates.ts';
export { Mover } from './loops/mover.ts';
export { NodeFailover } from './loops/node-failover.ts';
export { PlannedMoves } from './loops/planned-moves.ts';
export { ServiceController } from './loops/services.ts';
