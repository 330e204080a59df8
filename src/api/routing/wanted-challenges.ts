import type { Challenge } from '../../model/router.ts';
import type { ReadTx } from '../../store/store.ts';

/** The challenges of all orders under way, and since which change routers are told of each. */
export class WantedChallenges {
  /** The same list where nothing has changed. */
  list: readonly Challenge[] = [];
  private seqs: ReadonlyMap<string, number> = new Map();

  /** @param seq number of the change in which routers hear of what is new. @returns whether anything has changed */
  read(tx: ReadTx, seq: number): boolean {
    const list = [...tx.all('acmeCertificates')].flatMap(({ order }) => order?.challenges ?? []);
    const seqs = new Map(list.map(({ token }) => [token, this.seqs.get(token) ?? seq]));
    const isSame = seqs.size === this.seqs.size && [...seqs.keys()].every((token) => this.seqs.has(token));
    if (isSame) return false;
    this.seqs = seqs;
    this.list = list.filter(({ token }, i) => list.findIndex((one) => one.token === token) === i);
    return true;
  }

  /** The change from which on routers know all of them; undefined where one is not told yet. */
  toldIn(tokens: readonly string[]): number | undefined {
    const seqs = tokens.map((token) => this.seqs.get(token));
    return seqs.includes(undefined) ? undefined : Math.max(...seqs.map((seq) => seq ?? 0));
  }
}
