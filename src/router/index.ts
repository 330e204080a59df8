export { haproxyArgv } from './layout.ts';
export { type Applied, Router, type RouterOptions } from './router.ts';
export { SPARES } from './spares.ts';
