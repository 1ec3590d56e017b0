// The parser for machines where WASM can't be loaded: names of tables and columns, nothing more. It refuses part of
// PostgreSQL's grammar and misreads a little of it, so nothing that matters may rest on it.
import type nodeSqlParser from './node-sql-parser.js';
import type { SqlParse, SqlParser } from './sql-parser';

type NamesParser = InstanceType<(typeof nodeSqlParser)['Parser']>;

interface FallbackError {
  message: string;
  location?: { start: { offset: number } };
}

function parse(parser: NamesParser, sql: string): SqlParse {
  try {
    const { tableList, columnList } = parser.parse(sql, { database: 'postgresql' });
    const relations = tableList.map((entry) => {
      const [, schema = 'null', ...name] = entry.split('::');
      return { schema: schema === 'null' ? null : schema, name: name.join('::') };
    });
    const columns = columnList.map((entry) => entry.split('::').slice(2).join('::'));
    return { confidence: 'low', relations, columns: [...new Set(columns)].filter((name) => name !== '(.*)') };
  } catch (error) {
    const { message, location } = error as FallbackError;
    return { confidence: 'none', error: { message, offset: location?.start.offset ?? null } };
  }
}

/** Rejects when the bundle is not there. */
export async function loadFallbackParser(): Promise<SqlParser> {
  const { default: library } = await import('./node-sql-parser.js');
  const parser = new library.Parser();
  return { name: 'node-sql-parser', parse: (sql) => parse(parser, sql) };
}
