// The port behind which PostgreSQL's own grammar (libpg-query, WASM) stands, and a weaker fallback where WASM can't be
// loaded. All offsets that leave an implementation are UTF-16 offsets into the text that went in, as editors count.
import type { ParseResult } from '@pgsql/types';

/** Half-open range of UTF-16 offsets. */
export interface TextRange {
  start: number;
  end: number;
}

export interface SqlSyntaxError {
  message: string;
  /** Where the server's grammar stopped; null when it does not say. */
  offset: number | null;
}

/** A table named in a statement: all that the fallback parser can say. */
export interface NamedRelation {
  schema: string | null;
  name: string;
}

export type SqlParse =
  /** The whole tree. `byteOffsets` maps a UTF-8 byte offset of the tree to a UTF-16 offset. */
  | { confidence: 'full'; tree: ParseResult; toOffset: (byteOffset: number) => number }
  /** The fallback parser's word: never for ranges, consent or advice. Empty where it understood nothing. */
  | { confidence: 'low'; relations: NamedRelation[] }
  /** PostgreSQL's grammar refuses it. */
  | { confidence: 'none'; error: SqlSyntaxError };

export interface SqlParser {
  readonly name: 'libpg-query' | 'node-sql-parser';
  /** Parses one statement. Never throws. */
  parse(sql: string): SqlParse;
}
