export { newAcmeClient } from './client.ts';
export { newAccountKey } from './jws.ts';
