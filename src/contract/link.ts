import { z } from 'zod';
import { observedContainerSchema } from '../model/container.ts';
import { engineInfoSchema, hostNetworkingSchema } from '../model/host.ts';
import { heldSchema, orphanSchema } from '../model/life.ts';
import { observedImageSchema, observedNetworkSchema, observedVolumeSchema } from '../model/objects.ts';
import {
  certificateSchema,
  challengeSchema,
  entrySchema,
  httpRouteSchema,
  routerStateSchema,
  tcpRouteSchema,
} from '../model/router.ts';
import { settingsSchema } from '../model/settings.ts';
import { endpointSchema, ipSchema, memberSchema, poolSchema, spanSchema } from '../model/span.ts';
import { failingServerSchema, trafficSchema } from '../model/traffic.ts';

/**
 * What manager and agent say to each other. The agent dials (mTLS), then serves HTTP/2 on the connection that it
 * dialled; the manager is the HTTP/2 client. Kinds of request:
 *
 * - `POST /session`: opened by the manager once per connection, lives as long as it. Lines of JSON both ways: frames
 *   `ManagerFrame` down, `AgentFrame` up.
 * - `<METHOD> /engine/<path>`: a request to the host's Docker Engine, passed through with its body, both ways at full
 *   duplex. With the header `berth-upgrade: tcp` the agent asks the engine for an upgraded (raw) connection; where the
 *   engine agrees the answer is status 200 with `berth-upgraded: 1` and the body is the raw connection. A body of the
 *   request comes before the raw bytes, `berth-body-length` of them. Where the agent itself could not answer, the
 *   answer is 502 with `berth-error: <code>` and, percent-encoded in `berth-reason`, `{message, hint}`. With
 *   `berth-hang-up: 1` the agent ends the exec that was started once nobody is at the manager's end any more, as engines do not.
 * - `POST /agent/<path>`: a question to the agent itself, JSON both ways; or `?question=<JSON>` with bytes as its body. An
 *   agent that does not know it answers 404, as earlier ones do to all of them.
 * - `POST /cancel` with `berth-stream: <HTTP/2 stream ID>`: the agent resets that stream. The manager does not send
 *   RST_STREAM itself: an HTTP/2 server takes a thousand of them in a burst for an attack and ends the connection.
 * - `POST /close` with `berth-reason: <percent-encoded text>`: the manager is about to end the connection, and why.
 */
export const SESSION_PATH = '/session';
export const ENGINE_PREFIX = '/engine';
export const AGENT_PREFIX = '/agent';
/** How things look from within a container's network: `model/look.ts`. */
export const LOOK_PATH = '/look';
/** In the query of a question that has bytes behind it. */
export const QUESTION_KEY = 'question';
export const CANCEL_PATH = '/cancel';
export const CLOSE_PATH = '/close';
/** On requests: the protocol to upgrade to (`tcp`, `h2c`, `websocket`). */
export const HEADER_UPGRADE = 'berth-upgrade';
export const HEADER_UPGRADED = 'berth-upgraded';
export const HEADER_BODY_LENGTH = 'berth-body-length';
/** On the start of an exec that is a person's terminal; see above. Agents that do not know it leave the command running. */
export const HEADER_HANG_UP = 'berth-hang-up';
export const HEADER_ERROR = 'berth-error';
export const HEADER_STREAM = 'berth-stream';
export const HEADER_REASON = 'berth-reason';
/** On the answer to `POST /session`: the machine that the agent runs on, before the host is let in. */
export const HEADER_MACHINE = 'berth-machine-id';
/**
 * Version of this protocol; manager and agents may be one apart. 2: agents know `probe`. 3: agents have networks that span
 * hosts. 4: agents tell what they hold of plain docker (`hold`). 5: agents run containers' probes, and routers
 * (`router`). 6: agents tell what goes through routers (`traffic`), and what containers use (`loads`), and put configs and
 * secrets into containers (`want`); routers have certificates and entries with TLS, and answer challenges of ACME. 7: agents
 * tell how busy their hosts and containers are (`figures`).
 */
export const LINK_VERSION = 7;
/** From which version on the other end knows `hold` and `held`. */
export const HOLD_VERSION = 4;
/** From which version on agents run routers. */
export const ROUTER_VERSION = 5;
/** From which version on managers hear what goes through routers. */
export const TRAFFIC_VERSION = 6;
/** From which version on agents put configs and secrets into containers, and managers give them. */
export const FILES_VERSION = 6;
/** From which version on agents tell what containers use. */
export const LOADS_VERSION = 6;
/** From which version on managers hear how busy hosts and containers are. */
export const FIGURES_VERSION = 7;
/** From which version on routers have certificates. */
export const TLS_ROUTER_VERSION = 6;
/** Longest line of a session, bytes. */
export const MAX_FRAME = 16 * 1024 * 1024;

/** What a host must hold: a container in a state. The agent keeps it on its disk. */
export const assignmentSchema = heldSchema.extend({
  /** Cluster ID of the container. */
  id: z.string(),
  name: z.string(),
});
export type Assignment = Readonly<z.infer<typeof assignmentSchema>>;

/** One change to a host's assignments; `put` replaces the whole assignment of that container. */
export const assignmentDeltaSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('put'), assignment: assignmentSchema }),
  /** Forget it: the container is gone, or has moved; with `purge` the host's copy is removed, volumes kept. */
  z.object({ op: z.literal('drop'), id: z.string(), purge: z.boolean() }),
]);
export type AssignmentDelta = Readonly<z.infer<typeof assignmentDeltaSchema>>;

/**
 * A place in the ordered stream of a host's deltas. `epoch` is the life of the manager, which cannot resume older ones;
 * `revision` the state's at that place (`Store.revision`).
 */
export const resumePointSchema = z.object({
  epoch: z.string(),
  seq: z.number().int(),
  revision: z.number().int().optional(),
});
export type ResumePoint = Readonly<z.infer<typeof resumePointSchema>>;

/** One direction between two hosts: an ESP security association (RFC 4303) with AES-GCM (RFC 4106). */
export const espKeySchema = z.object({
  /** Security parameters index, 256 or more. */
  spi: z.number().int(),
  /** Hexadecimal: 32 bytes of key and 4 of salt. */
  key: z.string().regex(/^[0-9a-f]{72}$/),
});
/** Keys between this host and another one that has an encrypted network in common with it. */
export const peerKeysSchema = z.object({
  hostId: z.string(),
  /** Data addresses: of the other host, and of this one. */
  address: ipSchema,
  own: ipSchema,
  out: espKeySchema,
  /** Those that the other one may use: of now, and of just before and after, as hosts do not change at one blow. */
  in: z.array(espKeySchema),
});
export type PeerKeys = Readonly<z.infer<typeof peerKeysSchema>>;
/** What changed of a host's keys; with `whole` there are no others than these. */
export const keysChangeSchema = z.object({
  whole: z.boolean(),
  put: z.array(peerKeysSchema),
  /** IDs of hosts. */
  drop: z.array(z.string()),
});
export type KeysChange = Readonly<z.infer<typeof keysChangeSchema>>;

/** The members of one network that a host takes part in. */
export const networkMembersSchema = z.object({
  id: z.string(),
  name: z.string(),
  span: spanSchema,
  /** `put` is all of them: the network is new to the host, or the connection is. */
  whole: z.boolean(),
  put: z.array(memberSchema),
  /** IDs of members. */
  drop: z.array(z.string()),
});
export type NetworkMembers = Readonly<z.infer<typeof networkMembersSchema>>;

/**
 * What a host's engine asks of its network plugins and only the manager can say: for networks and containers that were made
 * with plain docker on that host. `network` is the ID that the manager gave it.
 */
export const networkAskSchema = z.discriminatedUnion('op', [
  /** A network is made on this host: registered, its pools, VNI and MTU given. Answered with `network` and `span`. */
  z.object({
    op: z.literal('create-network'),
    driver: z.string(),
    /** The subnets that were asked for; one is chosen where there is none. */
    pools: z.array(poolSchema),
    /** Driver options as given (`VlanId`, `encrypted`, …). */
    options: z.record(z.string(), z.string()),
    internal: z.boolean(),
  }),
  /** It was removed there. */
  z.object({ op: z.literal('delete-network'), network: z.string() }),
  /** An address for an endpoint of this host; a given one is that or a refusal. Answered with `endpoint`. */
  z.object({
    op: z.literal('take-address'),
    network: z.string(),
    endpoint: z.string(),
    subnet: z.string(),
    ip: z.string().optional(),
    name: z.string().optional(),
  }),
  /** The endpoint is gone. */
  z.object({ op: z.literal('give-back'), network: z.string(), endpoint: z.string(), ip: z.string() }),
]);
export type NetworkAsk = Readonly<z.infer<typeof networkAskSchema>>;

/** A network that was made with plain docker on a host. */
export const heldNetworkSchema = z.object({
  /** The manager's ID. */
  network: z.string(),
  span: spanSchema,
});
/** An address that a container of plain docker has there. */
export const heldAddressSchema = z.object({
  network: z.string(),
  /** By which the manager knows its holder, as in `take-address`. */
  endpoint: z.string(),
  ip: ipSchema,
  mac: z.string(),
});

/** What all routers have in common: everything but the routes. */
export const routerBaseSchema = z.object({
  image: settingsSchema.shape.routerImage,
  entries: z.array(entrySchema),
  /** Shown to clients that ask for no name that another one has; from version 6 on. */
  defaultCertificate: routerStateSchema.shape.defaultCertificate,
  cookieKey: routerStateSchema.shape.cookieKey,
  drainSeconds: routerStateSchema.shape.drainSeconds,
  /** From version 6 on: challenges of ACME are looked up, though there may be none at the moment. */
  acme: z.boolean().optional(),
});
export type RouterBase = Readonly<z.infer<typeof routerBaseSchema>>;

/** What a router is told; several in order are one change, up to the first one without `more`. */
export const routerChangeSchema = z.object({
  /** Place in the order of all changes of this manager's life; said back in `routed`. */
  seq: z.number().int(),
  /** There are no other routes than these and those in `keep`. */
  whole: z.boolean(),
  base: routerBaseSchema,
  /** From version 6 on: all there are, with their keys; left out where they are as they were. */
  certificates: z.array(certificateSchema).optional(),
  /** From version 6 on: all there are; left out where they are as they were. */
  challenges: z.array(challengeSchema).optional(),
  /** A route takes the place of the one with its ID. */
  http: z.array(httpRouteSchema),
  tcp: z.array(tcpRouteSchema),
  /** IDs. */
  drop: z.array(z.string()),
  /** IDs of routes of which the manager does not know yet what they are: they stay as the host has them. */
  keep: z.array(z.string()),
  more: z.boolean().optional(),
});
export type RouterChange = Readonly<z.infer<typeof routerChangeSchema>>;

export const managerFrameSchema = z.discriminatedUnion('t', [
  /** First frame: whose cluster this is and what the host is called in it. */
  z.object({
    t: z.literal('welcome'),
    version: z.number(),
    clusterId: z.string(),
    hostId: z.string(),
    hostName: z.string(),
  }),
  /**
   * Everything that the host must hold; what is not in it is dropped with purge. With `more` the rest follows in further
   * snapshots: it counts from the one without.
   */
  z.object({
    t: z.literal('snapshot'),
    at: resumePointSchema,
    assignments: z.array(assignmentSchema),
    more: z.boolean().optional(),
    /**
     * The manager's state is older than what the host has seen: a backup was put back. What is not in it is kept, and told
     * in `orphans` of reports.
     */
    restored: z.boolean().optional(),
  }),
  /**
   * Answers a heartbeat that asked for it: for `ms` from when that one left (`now` is what it said) the manager takes the
   * host for alive, and moves nothing away from it.
   */
  z.object({ t: z.literal('lease'), now: z.number(), ms: z.number() }),
  /**
   * From version 2 on: the agent tries to reach each address for up to `ms`, and answers with `probed`; also where there
   * is none to be reached, as a sign of life.
   */
  z.object({
    t: z.literal('probe'),
    id: z.number().int(),
    targets: z.array(z.object({ host: z.string(), port: z.number().int() })),
    ms: z.number(),
  }),
  /**
   * From version 3 on: members of the networks that this host takes part in, in order. The first frame of a connection has
   * `all`: networks that are not in it are not this host's any more.
   */
  z.object({
    t: z.literal('members'),
    networks: z.array(networkMembersSchema),
    /** IDs of networks that are not this host's any more. */
    gone: z.array(z.string()),
    all: z.boolean().optional(),
    keys: keysChangeSchema.optional(),
  }),
  /** Answers `ask`. */
  z.object({
    t: z.literal('answer'),
    id: z.number().int(),
    error: z
      .object({
        message: z.string(),
        hint: z.string().optional(),
        /** It could not be decided (the manager's disk is full): the same may be asked again. */
        retryable: z.boolean().optional(),
      })
      .optional(),
    network: z.string().optional(),
    span: spanSchema.optional(),
    endpoint: endpointSchema.optional(),
  }),
  /** Answers `hold`: what stays on the host though it is another's, or cannot be taken in. */
  z.object({
    t: z.literal('held'),
    refused: z.array(
      z.object({
        network: z.string(),
        /** Left out: the network itself. */
        ip: z.string().optional(),
        /** In a sentence, with who has it. */
        reason: z.string(),
      }),
    ),
    /** It could not be written (the manager's disk is full): to be told again. */
    again: z.boolean().optional(),
  }),
  /** From version 5 on: this host is an ingress host, and its router is to be so. */
  z.object({ t: z.literal('router'), change: routerChangeSchema }),
  /** From version 5 on: this host has no router. */
  z.object({ t: z.literal('no-router'), seq: z.number().int() }),
  /** Answers `want`, once for each file. */
  z.object({
    t: z.literal('file'),
    id: z.string(),
    /** In base64. */
    content: z.base64().optional(),
    /** In a sentence: why there is none. */
    error: z.string().optional(),
  }),
  /**
   * From version 6 on: what these containers use is to be told every `ms`, and of no others. Counts for this connection.
   */
  z.object({
    t: z.literal('measure'),
    /** Cluster IDs. */
    containers: z.array(z.string()),
    ms: z.number().int().min(500),
  }),
  /** What changed since `at.seq` − deltas.length. */
  z.object({ t: z.literal('deltas'), at: resumePointSchema, deltas: z.array(assignmentDeltaSchema) }),
]);
export type ManagerFrame = Readonly<z.infer<typeof managerFrameSchema>>;

/** The outcome of acting on a generation: the engine's own error where it refused. */
export const actionResultSchema = z.object({
  id: z.string(),
  generation: z.number(),
  error: z.object({ status: z.number(), message: z.string() }).optional(),
  /** Warnings of the engine's create answer. */
  warnings: z.array(z.string()).optional(),
});
export type ActionResult = Readonly<z.infer<typeof actionResultSchema>>;

/** `GET /events` of an engine, as it came. */
export const engineEventSchema = z.looseObject({
  Type: z.string(),
  Action: z.string(),
  Actor: z.looseObject({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
  time: z.number(),
  timeNano: z.number(),
});
export type EngineEvent = Readonly<z.infer<typeof engineEventSchema>>;

const observationSchema = {
  containers: z.array(observedContainerSchema),
  images: z.array(observedImageSchema),
  networks: z.array(observedNetworkSchema),
  volumes: z.array(observedVolumeSchema),
};

/** Of one host in a frame: more hosts than a cluster has. */
const MAX_PATHS = 50_000;
/** Routes and pools in one frame. */
export const MAX_TRAFFIC = 5_000;
/** Servers that fail their checks which are told at the most. */
export const MAX_FAILING = 1_000;

/** Containers in one frame. */
export const MAX_LOADS = 5_000;

/** Containers of a host whose figures are told: more than an engine runs. */
export const MAX_FIGURES = 10_000;

const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** What a container used since it was told last. */
export const containerLoadSchema = z.object({
  /** Cluster ID. */
  id: z.string().max(128),
  /** Per cent of the cores that it asks for or may use at most; of the host's where it says neither. */
  cpu: amount,
  /** Per cent of its limit; of the host's where it has none. */
  memory: amount,
  /** Bytes per second; left out on the host's own network. */
  networkIn: amount.optional(),
  networkOut: amount.optional(),
});
export type ContainerLoad = Readonly<z.infer<typeof containerLoadSchema>>;

export const agentFrameSchema = z.discriminatedUnion('t', [
  /** Answer to `welcome`. `resume`: the last deltas that are on the agent's disk. `now`: its clock, ms. */
  z.object({
    t: z.literal('hello'),
    version: z.number(),
    agentVersion: z.string(),
    machineId: z.string(),
    now: z.number(),
    dataAddress: z.string(),
    resume: resumePointSchema.optional(),
    /** The newest state that was heard of; also where there is nothing to resume. */
    seen: resumePointSchema.optional(),
    /** From version 3 on. */
    network: hostNetworkingSchema.optional(),
  }),
  /**
   * Every second. `engine` false: the host can be given nothing (its Docker does not answer, its disk is full); `reason`
   * says so in a sentence. `lease`: the host has containers that must not outlive the manager's trust in it; the manager
   * answers with one.
   */
  z.object({
    t: z.literal('heartbeat'),
    now: z.number(),
    engine: z.boolean(),
    reason: z.string(),
    lease: z.boolean().optional(),
  }),
  z.object({ t: z.literal('engine'), info: engineInfoSchema }),
  /**
   * All that is on the host: after hello, and whenever the agent lost the engine's event stream. With `more` the rest
   * follows in reports, until the one with `last`: what is missing before that is not gone.
   */
  z.object({ t: z.literal('full'), ...observationSchema, more: z.boolean().optional() }),
  /** What changed; `gone` are keys: engine ID, image ID, network ID, volume name. */
  z.object({
    t: z.literal('report'),
    containers: z.array(observedContainerSchema).optional(),
    images: z.array(observedImageSchema).optional(),
    networks: z.array(observedNetworkSchema).optional(),
    volumes: z.array(observedVolumeSchema).optional(),
    gone: z
      .object({
        containers: z.array(z.string()).optional(),
        images: z.array(z.string()).optional(),
        networks: z.array(z.string()).optional(),
        volumes: z.array(z.string()).optional(),
      })
      .optional(),
    /** Sent in the same frame as the observation that they led to. */
    results: z.array(actionResultSchema).optional(),
    /** Containers that a newer state than the manager's gave this host; they add to those told since hello. */
    orphans: z.array(orphanSchema).optional(),
    /** Ends a `full` with `more`. */
    last: z.boolean().optional(),
  }),
  /** From version 3 on; answered with `answer`. `id` counts up in each connection. */
  z.object({ t: z.literal('ask'), id: z.number().int(), ask: networkAskSchema }),
  /** From version 6 on: contents of configs and secrets that containers of this host need, by their IDs. */
  z.object({ t: z.literal('want'), files: z.array(z.string().max(64)).max(1_000) }),
  /**
   * From version 4 on: all that the host has of plain docker, once in each connection, when its engine has been looked at.
   * What was given before this connection and is not in it is nobody's any more. Answered with `held`.
   */
  z.object({
    t: z.literal('hold'),
    networks: z.array(heldNetworkSchema),
    addresses: z.array(heldAddressSchema),
  }),
  /**
   * Data paths to other hosts, by host ID, on a network that both take part in: milliseconds there and back, null where
   * nothing came. Sent when one begins or ceases to work, and once in a while; one that is left out is as it was.
   */
  z.object({
    t: z.literal('paths'),
    paths: z
      .record(z.string().max(128), z.object({ ms: z.number().nullable(), reason: z.string().max(2_000) }))
      .refine((paths) => Object.keys(paths).length <= MAX_PATHS, `more than ${MAX_PATHS} paths`),
    /** Where it is not as `hello.network.probed` said any more. */
    probed: z.boolean().optional(),
  }),
  /**
   * From version 5 on: the router is as the change with that number says. `serving`: it takes requests, be it with an older
   * state; `error` says in a sentence what keeps it from that, or from the newest state. `draining`: servers (`ADDRESS PORT`)
   * in `maint` that still have connections; said again when that changes.
   */
  z.object({
    t: z.literal('routed'),
    seq: z.number().int(),
    serving: z.boolean(),
    error: z.string().max(2_000),
    draining: z.array(z.string().max(100)).max(50_000),
  }),
  /**
   * From version 6 on, every few seconds while a router serves: what has gone through it in the last `ms`, which begin where
   * those of the report before ended. Sent empty as well. What was not told is lost.
   */
  z.object({
    t: z.literal('traffic'),
    ms: z.number().min(0).max(3_600_000),
    traffic: z.array(trafficSchema).max(MAX_TRAFFIC),
    /** All servers that fail their checks now; left out where it says nothing of that (further parts of a report). */
    failing: z.array(failingServerSchema).max(MAX_FAILING).optional(),
  }),
  /** Answers `measure`, again and again: of the containers that run. What was not told is lost. */
  z.object({
    t: z.literal('loads'),
    loads: z.array(containerLoadSchema).max(MAX_LOADS),
    /** Of which nothing can be read, and why. */
    unread: z.array(z.object({ id: z.string().max(128), reason: z.string().max(500) })).max(MAX_LOADS),
  }),
  /**
   * From version 7 on, every five seconds: how busy the host and its containers are. Rows are as `packRows` makes them. What was
   * not told is lost.
   */
  z.object({
    t: z.literal('figures'),
    /** One row by `HOST_ROW`; left out where the engine is on another machine. */
    host: z.string().max(1_000).optional(),
    /**
     * Those that run, by cluster ID, or the engine's of those that Berth did not make. Left out where they are as they were
     * told last on this connection.
     */
    containers: z.array(z.string().max(128)).max(MAX_FIGURES).optional(),
    /** Rows of a place in `containers`, then by `CONTAINER_ROW`: of those that are not as they were told last. */
    rows: z.string().max(MAX_FIGURES * 64),
  }),
  z.object({ t: z.literal('events'), events: z.array(engineEventSchema) }),
  /** For each target of `probe`, in its order: milliseconds until its machine answered, null where it did not. */
  z.object({ t: z.literal('probed'), id: z.number().int(), answers: z.array(z.number().nullable()) }),
]);
export type AgentFrame = Readonly<z.infer<typeof agentFrameSchema>>;
