// Who may import whom (docs/architecture.md, "Layers"). test/unit/layers.test.ts feeds this a forbidden import to see it refuse.
const layer = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
});

const pureParsers = 'node_modules/(libpg-query|@pgsql/types|node-sql-parser|@types/node-sql-parser|zod)/';

module.exports = {
  forbidden: [
    layer(
      'analysis-is-pure',
      '^src/analysis/',
      ['^src/analysis/', pureParsers],
      'analysis imports itself, zod and the SQL parsers',
    ),
    layer(
      'database-imports',
      '^src/database/',
      [
        '^src/database/',
        '^src/analysis/',
        '^src/sql-text',
        'node_modules/(pg|@types/pg|pg-[a-z-]+|pgpass|dotenv|zod)/',
        '^(node:)?[a-z_/]+$',
      ],
      'database is the only user of pg; it knows analysis and Node, never vscode',
    ),
    {
      name: 'database-without-vscode',
      severity: 'error',
      from: { path: '^src/database/' },
      to: { path: '(^|/)vscode($|/)' },
    },
    layer(
      'webview-app-imports',
      '^src/webviews/app/',
      [
        '^src/webviews/(app|protocol|report-protocol|workload-protocol)',
        '^src/analysis/',
        'node_modules/(lit|lit-html|lit-element|@lit|@lit-labs|@vscode-elements|d3-hierarchy|@types/d3-hierarchy)/',
      ],
      'the browser side knows lit, the protocol and pure analysis',
    ),
    layer(
      'webviews-imports',
      '^src/webviews/(?!app/)',
      ['^src/webviews/(?!app/)', '^src/analysis/', 'node_modules/(zod|@types/vscode)/', '^vscode$', '^(node:)?crypto$'],
      'the host side of a webview knows the protocol, analysis and vscode',
    ),
    layer(
      'providers-imports',
      '^src/providers/',
      [
        '^src/providers/',
        '^src/analysis/',
        '^src/webviews/(?!app/)',
        'node_modules/(zod|@types/vscode)/',
        '^vscode$',
        '^(node:)?(path|fs/promises|os)$',
      ],
      'providers get the database handed in as functions',
    ),
    layer(
      'cli-imports',
      '^src/cli/',
      ['^src/cli/', '^src/analysis/', '^src/database/', '^(node:)?[a-z_/]+$'],
      "the terminal's commands compose analysis and database; of pg and vscode they know nothing",
    ),
    {
      name: 'cli-without-vscode',
      severity: 'error',
      from: { path: '^src/cli(/|\\.ts$)' },
      to: { path: '(^|/)(vscode|pg)($|/)' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^vscode$' } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot: ['\\.d\\.ts$', '^src/(extension|cli|webviews/app/(plan|report))\\.ts$'],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.d.ts', '.json', '.sql'] },
  },
};
