// Chooses the parser once for each process.
import { loadFallbackParser } from './fallback-parser';
import { loadLibpgQueryParser } from './libpg-query-parser';
import type { SqlParser } from './sql-parser';

export interface LoadedSqlParser {
  parser: SqlParser;
  /** Why the weaker parser was taken, a sentence for the user; null for libpg-query. */
  fallbackReason: string | null;
}

/** Tries the loaders in order of worth; rejects only when both fail. */
export async function chooseSqlParser(
  loadFull: () => Promise<SqlParser>,
  loadFallback: () => Promise<SqlParser>,
): Promise<LoadedSqlParser> {
  try {
    return { parser: await loadFull(), fallbackReason: null };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return {
      parser: await loadFallback(),
      fallbackReason: `PostgreSQL's grammar (WebAssembly) could not be loaded, so statements are understood only roughly and PG Insight asks before it plans or runs any: ${cause}.`,
    };
  }
}

let loaded: Promise<LoadedSqlParser> | null = null;

export function loadSqlParser(): Promise<LoadedSqlParser> {
  loaded ??= chooseSqlParser(loadLibpgQueryParser, loadFallbackParser);
  return loaded;
}
