import type { Settings } from 'node:http2';

/** ALPN protocol of the agent port: HTTP/2 with the roles turned, so not `h2`. */
export const ALPN = 'berth/1';

const MIB = 1024 * 1024;
/** How much of one stream may be on its way unread: 20 MB/s over a line of 50 ms. */
const STREAM_WINDOW = MIB;
/** Of the connection as a whole. Node hands the connection's credit back at once, whether or not a stream is read. */
export const CONNECTION_WINDOW = 32 * MIB;
/** Hundreds of `logs -f` are normal: the number of streams is not what protects a host. */
export const MAX_STREAMS = 100_000;

/** Settings of both ends. */
export const LINK_SETTINGS: Settings = Object.freeze({
  initialWindowSize: STREAM_WINDOW,
  maxConcurrentStreams: MAX_STREAMS,
  maxFrameSize: 64 * 1024,
  // X-Registry-Config of a build carries a login for each registry.
  maxHeaderListSize: MIB,
  enablePush: false,
});

/** Options of both ends. The other end has been authenticated by then, so the guards against strangers are wide. */
export const LINK_OPTIONS = Object.freeze({
  settings: LINK_SETTINGS,
  maxSessionMemory: 4096,
  maxSendHeaderBlockLength: MIB,
  maxHeaderListPairs: 1024,
  maxOutstandingPings: 100,
  maxSessionRejectedStreams: 10_000,
});

/** Longest body that goes ahead of a raw connection: exec start and attach send a few hundred bytes. */
export const MAX_UPGRADE_BODY = MIB;
