// Writes src/analysis/sql/harmless-functions.json: PostgreSQL's own functions, of majors 13 to 18, that read and compute and
// do nothing else. Run it when a new major is supported, and review what changed: node scripts/run.mjs harmless-functions
import { writeFile } from 'node:fs/promises';
import pg from 'pg';
import { harmlessVolatileFunctions } from '../src/analysis/sql/function-review';
import { builtinFunctionsSql, isReviewedAsHarmless, type BuiltinFunction } from './environment/builtin-functions';
import { postgresMajors } from './environment/postgres-binaries';
import { startPostgres } from './environment/postgres-server';

const harmless = new Set<string>();
const other = new Set<string>();
for (const major of postgresMajors) {
  const server = await startPostgres({ major });
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  try {
    const { rows } = await client.query<BuiltinFunction>(builtinFunctionsSql);
    for (const row of rows) (isReviewedAsHarmless(row) ? harmless : other).add(row.name);
  } finally {
    await client.end();
    await server.stop();
  }
}
// a name stands for all functions of that name
const names = [...harmless].filter((name) => !other.has(name)).sort();
const unknown = harmlessVolatileFunctions.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`Reviewed, but no such function: ${unknown.join(', ')}`);
await writeFile('src/analysis/sql/harmless-functions.json', `${JSON.stringify(names, null, 2)}\n`);
console.log(`${names.length} names. Left out although some function of that name is harmless:`);
console.log([...harmless].filter((name) => other.has(name)).join(' '));
