// The parser for machines where WASM can't be loaded: names of tables, nothing more. It refuses part of PostgreSQL's
// grammar and misreads a little of it, so nothing that matters may rest on it: what it refuses is not understood, and
// whether that is an error, and where, only the server can say.
import type nodeSqlParser from './node-sql-parser.js';
import type { NamedRelation, SqlParser } from './sql-parser';

type NamesParser = InstanceType<(typeof nodeSqlParser)['Parser']>;

function findRelations(parser: NamesParser, sql: string): NamedRelation[] {
  let tableList: string[];
  try {
    ({ tableList } = parser.parse(sql, { database: 'postgresql' }));
  } catch {
    return [];
  }
  // without the verb, so that INSERT INTO t SELECT ... FROM t names it once
  const names = new Set(tableList.map((entry) => entry.split('::').slice(1).join('::')));
  return [...names].map((entry) => {
    const [schema = 'null', ...name] = entry.split('::');
    return { schema: schema === 'null' ? null : schema, name: name.join('::') };
  });
}

/** Rejects when the bundle is not there. */
export async function loadFallbackParser(): Promise<SqlParser> {
  const { default: library } = await import('./node-sql-parser.js');
  const parser = new library.Parser();
  return {
    name: 'node-sql-parser',
    parse: (sql) => ({ confidence: 'low', relations: findRelations(parser, sql) }),
  };
}
