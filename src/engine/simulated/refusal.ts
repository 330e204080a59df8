/** What a simulated engine answers with an error status; the texts are Docker's. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws Refusal 404 */
export function noSuch(what: string, reference: string): never {
  throw new Refusal(404, `No such ${what}: ${reference}`);
}
