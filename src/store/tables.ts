import { jobRunKey } from '../model/cron.ts';
import { releaseKey, serviceKey } from '../model/deployment.ts';
import { fileNameKey } from '../model/kept-file.ts';
import { LABEL_SERVICE } from '../model/labels.ts';
import { loginKey } from '../model/registry-login.ts';
import type { TableName, Tables } from './store.ts';

/** Key of the one record in `settings`. */
export const SETTINGS_KEY = 'cluster';
/** Key of the one record in `oidcProviders`. */
export const OIDC_KEY = 'provider';

export type TableSpec<R> = Readonly<{
  /** Survives a restart. */
  durable: boolean;
  key(record: R): string;
  /** Index name to the value under which the record is found; undefined leaves it out. */
  indexes: Readonly<Record<string, (record: R) => string | undefined>>;
}>;

/** A new table is one line in `Tables` and one here. */
export const TABLES: { readonly [T in TableName]: TableSpec<Tables[T]> } = {
  hosts: { durable: true, key: (r) => r.id, indexes: { name: (r) => r.name.toLowerCase() } },
  containers: {
    durable: true,
    key: (r) => r.id,
    indexes: {
      name: (r) => r.name,
      host: (r) => r.assigned.hostId,
      /** Hosts that keep a stopped copy until the container runs where it moves to. */
      copyHost: (r) => (r.assigned.moving?.phase === 'start' ? r.assigned.moving.hostId : undefined),
      /** All that are being moved, under the phase. */
      moving: (r) => r.assigned.moving?.phase,
      service: (r) => r.desired.spec.Labels?.[LABEL_SERVICE],
      /** Containers of a stack's service, under its key. */
      stackService: (r) => r.service && serviceKey(r.service.stack, r.service.name),
    },
  },
  networks: {
    durable: true,
    key: (r) => r.id,
    indexes: {
      /** A host's own ones are found by their ID alone. */
      name: (r) => (r.plainOn === undefined ? r.name : undefined),
      host: (r) => r.hostId,
      plainOn: (r) => r.plainOn,
    },
  },
  addresses: {
    durable: true,
    key: (r) => `${r.networkId}/${r.ip}`,
    indexes: {
      network: (r) => r.networkId,
      container: (r) => (r.holder.kind === 'container' ? r.holder.id : undefined),
      host: (r) => (r.holder.kind === 'endpoint' ? r.holder.hostId : undefined),
      reservedFor: (r) => r.reservedFor,
      formerly: (r) => r.formerly,
      /** All whose grace time is running, under `yes`. */
      leaving: (r) => (r.releasedAt !== undefined && r.reservedFor === undefined ? 'yes' : undefined),
    },
  },
  volumes: { durable: true, key: (r) => r.name, indexes: { host: (r) => r.hostId } },
  dnsZones: { durable: true, key: (r) => r.name, indexes: {} },
  dnsRecords: { durable: true, key: (r) => r.id, indexes: { zone: (r) => r.zone } },
  certificates: { durable: true, key: (r) => r.name, indexes: {} },
  acmeAccounts: { durable: true, key: (r) => r.directory, indexes: {} },
  acmeCertificates: { durable: true, key: (r) => r.name, indexes: {} },
  balancers: { durable: true, key: (r) => r.name, indexes: {} },
  users: { durable: true, key: (r) => r.name, indexes: {} },
  apiTokens: {
    durable: true,
    key: (r) => r.id,
    indexes: { user: (r) => r.user, secret: (r) => r.secretHash },
  },
  joinTokens: { durable: true, key: (r) => r.id, indexes: { secret: (r) => r.secretHash } },
  audit: { durable: true, key: (r) => r.id, indexes: {} },
  settings: { durable: true, key: () => SETTINGS_KEY, indexes: {} },
  oidcProviders: { durable: true, key: () => OIDC_KEY, indexes: {} },
  hostTrust: { durable: true, key: (r) => r.id, indexes: {} },
  lives: { durable: true, key: (r) => r.id, indexes: {} },
  keptOrphans: { durable: true, key: (r) => `${r.hostId}/${r.id}`, indexes: {} },
  stacks: { durable: true, key: (r) => r.name, indexes: {} },
  stackSources: { durable: true, key: (r) => r.stack, indexes: {} },
  services: {
    durable: true,
    key: (r) => serviceKey(r.stack, r.name),
    indexes: { stack: (r) => r.stack },
  },
  releases: {
    durable: true,
    key: (r) => releaseKey(r.stack, r.service, r.number),
    indexes: { service: (r) => serviceKey(r.stack, r.service) },
  },
  jobRuns: {
    durable: true,
    key: (r) => jobRunKey(r.stack, r.service, r.number),
    indexes: { service: (r) => serviceKey(r.stack, r.service) },
  },
  keptFiles: {
    durable: true,
    key: (r) => r.id,
    indexes: {
      name: (r) => (r.superseded === true ? undefined : fileNameKey(r.noun, r.name)),
      stack: (r) => r.stack,
    },
  },
  registryLogins: { durable: true, key: loginKey, indexes: { service: (r) => r.service } },
  scaleHistory: { durable: true, key: (r) => serviceKey(r.stack, r.service), indexes: {} },
  triggers: {
    durable: true,
    key: (r) => r.id,
    indexes: { service: (r) => serviceKey(r.stack, r.service) },
  },
  hostStatus: { durable: false, key: (r) => r.id, indexes: {} },
  plainRefusals: { durable: false, key: (r) => r.id, indexes: {} },
  hostPaths: { durable: false, key: (r) => r.id, indexes: {} },
  hostRouters: { durable: false, key: (r) => r.id, indexes: {} },
  addressCursors: { durable: false, key: (r) => `${r.networkId}/${r.subnet}`, indexes: {} },
  hostFailovers: { durable: false, key: (r) => r.id, indexes: {} },
  orphans: {
    durable: false,
    key: (r) => `${r.hostId}/${r.id}`,
    indexes: { host: (r) => r.hostId, id: (r) => r.id },
  },
  observedContainers: {
    durable: false,
    key: (r) => `${r.hostId}/${r.engineId}`,
    indexes: {
      host: (r) => r.hostId,
      clusterId: (r) => r.clusterId,
      engineId: (r) => r.engineId,
      name: (r) => r.name,
      /** An image may carry the label as well. */
      service: (r) => r.labels[LABEL_SERVICE],
      /** All that Berth did not make, under `yes`. */
      foreign: (r) => (r.clusterId === undefined ? 'yes' : undefined),
    },
  },
  observedImages: {
    durable: false,
    key: (r) => `${r.hostId}/${r.imageId}`,
    indexes: { host: (r) => r.hostId, imageId: (r) => r.imageId },
  },
  observedNetworks: {
    durable: false,
    key: (r) => `${r.hostId}/${r.networkId}`,
    indexes: { host: (r) => r.hostId, name: (r) => r.name, networkId: (r) => r.networkId },
  },
  observedVolumes: {
    durable: false,
    key: (r) => `${r.hostId}/${r.name}`,
    indexes: { host: (r) => r.hostId, name: (r) => r.name },
  },
  serviceStatus: { durable: false, key: (r) => serviceKey(r.stack, r.name), indexes: {} },
  certificateStatus: { durable: false, key: (r) => r.name, indexes: {} },
};
