// The arrows between rooms: docs/design/README.md has the table that this file enforces.
const rooms = {
  kit: [],
  model: ['kit'],
  contract: ['model', 'kit'],
  store: ['model', 'kit'],
  scheduler: ['model', 'kit'],
  compose: ['model', 'kit'],
  controllers: ['scheduler', 'store', 'model', 'kit'],
  engine: ['model', 'kit'],
  network: ['model', 'kit'],
  link: ['contract', 'model', 'kit'],
  router: ['model', 'kit'],
  acme: ['model', 'kit'],
  agent: ['engine', 'network', 'router', 'link', 'contract', 'model', 'kit'],
  api: ['contract', 'store', 'scheduler', 'compose', 'link', 'model', 'kit'],
  cli: ['contract', 'compose', 'model', 'kit'],
};

const arrows = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  severity: 'error',
  comment: `src/${room} may import only: ${allowed.join(', ') || 'nothing'}`,
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'pure-rooms',
      severity: 'error',
      comment:
        "model, scheduler, compose and the controllers' plans take clock and randomness as arguments and do no I/O",
      from: { path: '^src/(model|scheduler|compose|controllers/plan)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'room-dashboard',
      severity: 'error',
      comment: 'the page may import only: contract',
      from: { path: '^dashboard/' },
      to: { path: '^src/', pathNot: '^src/contract/' },
    },
    {
      name: 'nobody-imports-the-page',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^dashboard/' },
    },
    {
      name: 'only-main-wires',
      severity: 'error',
      comment: 'nothing but a composition root may import src/main',
      from: { path: '^src/', pathNot: '^src/main/' },
      to: { path: '^src/main/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'] },
  },
};
