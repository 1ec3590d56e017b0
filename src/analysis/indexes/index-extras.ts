// What an index has beside its definition: pg_get_indexdef() does not say it, so CREATE INDEX alone would not bring it back.
import { lexSql } from '../sql/lex-sql';
import { quoteLiteral, quoteName, quoteQualifiedName } from '../sql/identifiers';

export interface IndexExtras {
  /** null: the database's own. */
  tablespace: string | null;
  comment: string | null;
  /** CLUSTER without USING orders the table by it. */
  isClustered: boolean;
  /** ALTER INDEX ... SET STATISTICS of its expressions, by position, which counts from 1; empty without. */
  statisticsTargets: Readonly<Record<string, number>>;
}

/** The definition, or the part of it from USING on, with the tablespace where the grammar wants it: before WHERE. */
export function addTablespace(definition: string, tablespace: string | null): string {
  if (tablespace === null) return definition;
  const clause = `TABLESPACE ${quoteName(tablespace)}`;
  let depth = 0;
  for (const { kind, start, end } of lexSql(definition)) {
    const text = definition.slice(start, end);
    if (kind === 'punctuation') depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    if (depth === 0 && kind === 'word' && text.toUpperCase() === 'WHERE') {
      return `${definition.slice(0, start)}${clause} ${definition.slice(start)}`;
    }
  }
  return `${definition} ${clause}`;
}

/** Statements that follow CREATE INDEX, each done in a moment. */
export function toExtraStatements(
  { schema, table, name }: { schema: string; table: string; name: string },
  { comment, isClustered, statisticsTargets }: Omit<IndexExtras, 'tablespace'>,
): string[] {
  const index = quoteQualifiedName(schema, name);
  return [
    ...Object.entries(statisticsTargets).map(
      ([position, target]) => `ALTER INDEX ${index} ALTER COLUMN ${position} SET STATISTICS ${target}`,
    ),
    ...(isClustered ? [`ALTER TABLE ${quoteQualifiedName(schema, table)} CLUSTER ON ${quoteName(name)}`] : []),
    ...(comment === null ? [] : [`COMMENT ON INDEX ${index} IS ${quoteLiteral(comment)}`]),
  ];
}
