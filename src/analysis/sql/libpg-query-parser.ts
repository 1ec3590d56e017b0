// PostgreSQL's own grammar (major 18), compiled to WASM. The module is fetched when the first statement needs it.
import type * as libpgQuery from 'libpg-query';
import type { SqlParse, SqlParser, SqlSyntaxError } from './sql-parser';
import { mapByteOffsets, toUtf16Offset } from './text-offsets';

type LibpgQuery = typeof libpgQuery;

function toSyntaxError(library: LibpgQuery, error: unknown, sql: string): SqlSyntaxError {
  if (library.hasSqlDetails(error) && error.sqlDetails !== undefined) {
    return { message: error.sqlDetails.message, offset: toUtf16Offset(sql, error.sqlDetails.cursorPosition) };
  }
  if (error instanceof RangeError) return { message: 'the statement is nested too deeply', offset: null };
  return { message: error instanceof Error ? error.message : String(error), offset: null };
}

function parse(library: LibpgQuery, sql: string): SqlParse {
  // the library would take the text up to the NUL for the whole
  const nul = sql.indexOf('\0');
  if (nul >= 0)
    return { confidence: 'none', error: { message: 'the statement contains a NUL character', offset: nul } };
  if (sql.trim() === '') return { confidence: 'none', error: { message: 'the statement is empty', offset: null } };
  try {
    return { confidence: 'full', tree: library.parseSync(sql), toOffset: mapByteOffsets(sql) };
  } catch (error) {
    return { confidence: 'none', error: toSyntaxError(library, error, sql) };
  }
}

/** Emscripten wraps what went wrong in words for those who build it. */
const abortion = /^Aborted\((?:\w*Error: )?(.*)\)\. Build with -sASSERTIONS for more info\.$/s;

/** Rejects where WASM or its file is not to be had. */
export async function loadLibpgQueryParser(): Promise<SqlParser> {
  const library = await import('libpg-query');
  try {
    await library.loadModule();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(abortion.exec(error.message)?.[1] ?? error.message, { cause: error });
  }
  return { name: 'libpg-query', parse: (sql) => parse(library, sql) };
}
