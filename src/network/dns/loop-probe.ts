import { randomBytes } from 'node:crypto';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Exchange, Server } from './exchange.ts';
import { CLASS_IN, TYPE } from './numbers.ts';
import type { Question } from './wire.ts';

/** How often a server is looked at again: servers of a company change their ways now and then. */
const AGAIN_MS = 10 * 60_000;
const PROBE_MS = 3_000;
const MAX_SERVERS = 1_000;
const LABEL = 'berth-loop';

type Look = { readonly at: number; readonly name: string; leadsHere: boolean };

/**
 * Finds servers upstream that ask this host in turn: as with CoreDNS's `loop`, a server is asked once for a random name, and
 * leads here where that question comes in. It is not asked then: each question would go round until it times out.
 */
export class LoopProbe {
  private readonly looks = new Map<string, Look>();

  constructor(
    private readonly exchange: Exchange,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  leadsHere(server: Server): boolean {
    return this.looks.get(keyOf(server))?.leadsHere ?? false;
  }

  /** Looks at the server where that has not been done for a while; nobody waits for it. */
  look(server: Server): void {
    const now = this.clock.now();
    const before = this.looks.get(keyOf(server));
    if (before !== undefined && now - before.at < AGAIN_MS) return;
    if (this.looks.size >= MAX_SERVERS) this.looks.clear();
    const name = `${randomBytes(8).toString('hex')}.${LABEL}`;
    this.looks.set(keyOf(server), { at: now, leadsHere: false, name });
    const asked = { question: questionOf(name), checkingDisabled: false, dnssecOk: false, edns: true };
    void this.exchange(server, asked, { transport: 'udp', timeoutMs: PROBE_MS }).catch(() => undefined);
  }

  /** True where the question is one that this host has sent out itself, to find just that. */
  caught(name: string): boolean {
    if (!name.endsWith(`.${LABEL}`)) return false;
    for (const [server, look] of this.looks) {
      if (look.name !== name) continue;
      if (!look.leadsHere)
        this.logger.warn({ server }, 'this name server asks this host in turn: it is left out');
      look.leadsHere = true;
      return true;
    }
    return false;
  }
}

function keyOf({ address, port }: Server): string {
  return `${address}#${port}`;
}

function questionOf(name: string): Question {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const tail = Buffer.from([0, 0, TYPE.HINFO, 0, CLASS_IN]);
  return { name, type: TYPE.HINFO, class: CLASS_IN, raw: Buffer.concat([...labels, tail]) };
}
