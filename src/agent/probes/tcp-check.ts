import { say } from '../../model/said/index.ts';
import { type Checker, ok } from './check.ts';
import { converse } from './connection.ts';

/** Healthy where a connection opens. */
export const tcpCheck: Checker<'tcp'> = ({ port }, context) =>
  converse(context, { port, tls: false }, (_, end) => end(ok(say('services.probe.open', { port }))));
