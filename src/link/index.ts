export {
  type AgentIdentity,
  loadAgentIdentity,
  saveAgentIdentity,
} from './agent/agent-identity.ts';
export { LinkClient, type LinkClientOptions } from './agent/link-client.ts';
export { DeltaLog } from './delta-log.ts';
export type { KeepAlive } from './h2/keep-alive.ts';
export { admitJoin, type JoinFacts, joinedHost, MAX_CLOCK_SKEW } from './join/admit-join.ts';
export { joinCluster } from './join/join-cluster.ts';
export { newJoinToken, parseToken } from './join/token.ts';
export { type Admission, type Arrival, admitHost } from './manager/admit-host.ts';
export { LinkServer, type LinkServerOptions } from './manager/link-server.ts';
export { type Ca, createCa, openCa } from './pki/ca.ts';
export { type CertificateInfo, certificateInfo } from './pki/certificate-info.ts';
export {
  issueHostCertificate,
  issueRouterCertificate,
  issueServerCertificate,
  issueUserCertificate,
} from './pki/certificates.ts';
export { newCsr, newPrivateKey, serverRequest } from './pki/csr.ts';
export { openDataSecret } from './pki/data-secret.ts';
export { CA_FILE, type ClusterPki, openClusterPki } from './pki/pki-files.ts';
export { openVault, VAULT_FILE, type VaultFile } from './pki/vault-file.ts';
export { fingerprintOf, type KeyPair } from './pki/x509.ts';
export type {
  AgentAnswers,
  Agents,
  EngineRequest,
  EngineResponse,
  Engines,
  EngineUpgrade,
  FrameSession,
  HostEngine,
  HostSession,
  ManagerSession,
} from './ports.ts';
export { reach, type Target } from './reach.ts';
