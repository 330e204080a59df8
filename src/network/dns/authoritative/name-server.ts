import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type Server as TcpServer } from 'node:net';
import { type Clock, systemClock } from '../../../kit/clock.ts';
import { type Logger, silentLogger } from '../../../kit/logger.ts';
import { RateLimit } from '../../../kit/rate-limit.ts';
import type { DnsRecord, DnsZone } from '../../../model/dns.ts';
import { type Answered, type Asker, DnsServer } from '../dns-server.ts';
import { encodeReply, sizeLimit } from '../message.ts';
import { RCODE, TYPE } from '../numbers.ts';
import { isInternet, type Query } from '../wire.ts';
import { HealthChecks, type Probe } from './health-checks.ts';
import { Notifier } from './notify.ts';
import { type ZoneData, zoneData } from './zone.ts';
import { answerFrom, zoneFor } from './zone-lookup.ts';
import { isListed, transfer } from './zone-transfer.ts';

/**
 * By source address: resolvers of providers ask for thousands, but keep what they got; who claims an address to have answers
 * sent there gets no more than this out of us.
 */
const RATE = { perSecond: 200, burst: 1_000 };
const MAX_SOURCES = 20_000;
const DNS_PORT = 53;

type Options = Readonly<{
  /** What a record's health says of its zone has changed: the serial must rise. */
  onHealth(zone: string): void;
  clock?: Clock;
  logger?: Logger;
  probe?: Probe;
  checkEveryMs?: number;
  random?: () => number;
}>;

/** The manager's name server: answers for the cluster's zones and nothing else. */
export class NameServer {
  private zones: ReadonlyMap<string, ZoneData> = new Map();
  private given: Readonly<{ zones: readonly DnsZone[]; records: readonly DnsRecord[] }> = {
    zones: [],
    records: [],
  };
  private readonly random: () => number;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly checks: HealthChecks;
  private notifier: Notifier | undefined;
  private server: DnsServer | undefined;
  private sockets: Readonly<{ udp: UdpSocket; tcp: TcpServer }> | undefined;

  constructor(options: Options) {
    this.random = options.random ?? Math.random;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? silentLogger;
    this.checks = new HealthChecks({
      clock: this.clock,
      logger: this.logger,
      // Answered with at once: a disk that refuses the serial must send nobody where nothing works.
      onChange: ({ zone }) => {
        this.load();
        options.onHealth(zone);
      },
      ...(options.probe === undefined ? {} : { probe: options.probe }),
      ...(options.checkEveryMs === undefined ? {} : { everyMs: options.checkEveryMs }),
    });
  }

  isHealthy(recordId: string): boolean {
    return this.checks.isHealthy(recordId);
  }

  /** Zones and records of the moment. Secondaries hear of a zone whose serial is another one than before. */
  update(zones: readonly DnsZone[], records: readonly DnsRecord[]): void {
    this.checks.update(records);
    const before = this.zones;
    this.given = { zones, records };
    this.load();
    for (const { name, serial, notify } of zones)
      if (before.get(name)?.zone.serial !== serial) this.notifier?.changed(name, notify);
  }

  /** What was given last, with the health of the moment. */
  private load(): void {
    const { zones, records } = this.given;
    const byZone = new Map<string, DnsRecord[]>();
    for (const { name } of zones) byZone.set(name, []);
    for (const record of records) byZone.get(record.zone)?.push(record);
    this.zones = new Map(
      zones.map((zone) => [
        zone.name,
        zoneData(zone, byZone.get(zone.name) ?? [], (id) => this.checks.isHealthy(id)),
      ]),
    );
  }

  /** @throws the system's error where the address cannot be had */
  async listen(host: string, port: number): Promise<void> {
    const limit = new RateLimit(RATE, MAX_SOURCES);
    const server = new DnsServer({
      answer: (query, asker) => this.answer(query, asker),
      admit: (address) => limit.take(address, this.clock.now()),
      logger: this.logger,
    });
    const tcp = createServer();
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen(port, host, resolve);
    });
    const bound = tcp.address();
    const udp = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
    await new Promise<void>((resolve, reject) => {
      udp.once('error', (error) => tcp.close(() => reject(error)));
      udp.bind(typeof bound === 'object' ? bound?.port : port, host, resolve);
    });
    udp
      .removeAllListeners('error')
      .on('error', (error) => this.logger.warn({ reason: error.message }, 'DNS'));
    tcp
      .removeAllListeners('error')
      .on('error', (error) => this.logger.warn({ reason: error.message }, 'DNS'));
    server.serveUdp(udp);
    server.serveTcp(tcp);
    this.server = server;
    this.sockets = { udp, tcp };
    const isAny = host === '0.0.0.0' || host === '::';
    this.notifier = new Notifier({ from: isAny ? undefined : host, clock: this.clock, logger: this.logger });
    // What changed while no manager ran, and who was away then.
    for (const { zone } of this.zones.values()) this.notifier.changed(zone.name, zone.notify);
  }

  get port(): number {
    return this.sockets?.udp.address().port ?? DNS_PORT;
  }

  async close(): Promise<void> {
    this.checks.close();
    this.notifier?.close();
    const { sockets } = this;
    if (sockets === undefined) return;
    this.sockets = undefined;
    await new Promise<void>((resolve) => sockets.udp.close(resolve));
    const closed = new Promise((resolve) => sockets.tcp.close(resolve));
    this.server?.endConnections();
    await closed;
  }

  private answer(query: Query, { address, transport }: Asker): Answered {
    const { question } = query;
    const said = { authoritative: true, recursionAvailable: false };
    const limit = sizeLimit(query, transport);
    const zone = isInternet(question) ? zoneFor(this.zones, question.name) : undefined;
    const refuse = (rcode: number) => encodeReply(query, { ...said, authoritative: false, rcode }, limit);
    if (zone === undefined) return refuse(RCODE.REFUSED);
    if (question.type === TYPE.AXFR || question.type === TYPE.IXFR) {
      if (question.name !== zone.zone.name) return refuse(RCODE.NOTAUTH);
      if (!isListed(zone.zone.transfer, address)) {
        this.logger.warn(
          { zone: zone.zone.name, address },
          'zone transfer refused: the zone does not name it',
        );
        return refuse(RCODE.REFUSED);
      }
      if (transport === 'tcp') return transfer(query, zone);
      // RFC 1995, section 2: the newest SOA alone says that the rest must be fetched by TCP.
      if (question.type === TYPE.AXFR) return refuse(RCODE.FORMERR);
      return encodeReply(query, { ...said, rcode: RCODE.NOERROR, answers: [zone.soa] }, limit);
    }
    return encodeReply(query, { ...said, ...answerFrom(zone, question, this.random) }, limit);
  }
}
