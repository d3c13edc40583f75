// Who may import whom. A folder is a question; an arrow that is not here is a mistake.
const only = (from, to, comment) => ({
  name: `${from}-imports`,
  comment,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [`^src/${from}/`, ...to.map(p => `^src/${p}`)] },
})
const INDEX = 'index\\.ts$'

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['^src/main\\.ts$'] }, to: {} },
    only('domain', [], 'the domain is pure and knows nobody'),
    {
      name: 'domain-is-pure',
      comment: 'no npm, no node',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'deciders-are-for-commands',
      comment: 'events.ts everyone reads; how something is decided is for commands/ alone',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(commands|domain)/' },
      to: { path: '^src/domain/.*/(decider|commands)\\.ts$' },
    },
    only(
      'eventstore',
      ['domain/[^/]+/events\\.ts$', `domain/${INDEX}`, 'wire/'],
      'the port and its adapter know the shape of events, not who uses them',
    ),
    only(
      'commands',
      ['domain/', `eventstore/${INDEX}`, 'gateway/socket/protocol\\.ts$', 'together\\.ts$'],
      'commands decide and append; what a body may be stands with the frames, in the file that stands alone',
    ),
    only(
      'projections',
      ['domain/[^/]+/events\\.ts$', `domain/${INDEX}`, `eventstore/${INDEX}`, 'together\\.ts$'],
      'read models fold events',
    ),
    only(
      'audit',
      [
        'domain/[^/]+/events\\.ts$',
        `domain/${INDEX}`,
        `eventstore/${INDEX}`,
        `projections/${INDEX}`,
        `commands/${INDEX}`,
      ],
      'the auditors’ room',
    ),
    only(
      'gateway',
      [
        'domain/[^/]+/events\\.ts$',
        `domain/${INDEX}`,
        `eventstore/${INDEX}`,
        `commands/${INDEX}`,
        `projections/${INDEX}`,
        `audit/${INDEX}`,
        `media/${INDEX}`,
        `boxes/${INDEX}`,
        `metrics/${INDEX}`,
        'together\\.ts$',
      ],
      'the gateway asks, shows and tells; the feed comes by eventstore/index',
    ),
    only(
      'delivery',
      [`domain/${INDEX}`, `eventstore/${INDEX}`, `projections/${INDEX}`, `commands/${INDEX}`],
      'what becomes too old: found in the read models, given up by a command',
    ),
    only(
      'media',
      [
        'domain/[^/]+/events\\.ts$',
        `domain/${INDEX}`,
        `eventstore/${INDEX}`,
        `projections/${INDEX}`,
        `commands/${INDEX}`,
      ],
      'images: what is kept, and who may see it by the read models',
    ),
    only(
      'boxes',
      [`eventstore/${INDEX}`, `commands/${INDEX}`, `projections/${INDEX}`, `metrics/${INDEX}`],
      'who is there, and are they well: leases, the sessions of who is not, readiness, canaries',
    ),
    only('metrics', [], 'counting knows nobody'),
    only('wire', [], 'protobuf and gRPC as bytes: both ends of a connection, and nothing of either'),
    only('embedded', ['wire/'], 'the embedded store knows nothing of chat'),
    only('postgres', [], 'the Postgres launcher knows nothing of chat'),
    only('client', ['gateway/socket/protocol\\.ts$'], 'the SDK shares the frames and nothing else'),
    only(
      'cli',
      ['client/', 'embedded/index\\.ts$', 'postgres/index\\.ts$', 'serve\\.ts$', 'address\\.ts$'],
      'the command line goes through the SDK',
    ),
    {
      name: 'client-runs-in-browsers',
      severity: 'error',
      from: { path: '^src/client/', pathNot: '^src/client/node/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'client-node-is-an-entry-of-its-own',
      severity: 'error',
      from: { path: '^src/client/', pathNot: '^src/client/node/' },
      to: { path: '^src/client/node/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
