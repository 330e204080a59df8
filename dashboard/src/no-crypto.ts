/** Stands for Node's where the contract's files name it: hashing is the manager's. */
export function createHash(): never {
  throw new Error('the page hashes nothing');
}
