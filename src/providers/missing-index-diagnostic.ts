// What an SQL file shows of an index that a statement lacks: where it is marked, how urgently, in which words.
import * as vscode from 'vscode';
import type { Finding } from '../analysis/finding';
import type { IndexRecommendation } from '../analysis/index-advice/index-advice';
import { formatQuantity } from '../analysis/format/numbers';
import { lexSql } from '../analysis/sql/lex-sql';
import { quoteName, quoteQualifiedName } from '../analysis/sql/identifiers';
import type { StatementTarget } from './statement-target';

/** Also the name of its page in docs/rules. */
export const missingIndexRule = 'missing-index';
export const missingIndexSource = 'PG Insight';

/** jit_above_cost's default: from here on PostgreSQL itself takes a statement for a long one. */
const longStatementCost = 100_000;
/** Saves an order of magnitude. */
const muchSavedRatio = 0.9;

/** "orders (customer_id, placed_at DESC)" */
export function formatIndexColumns({ index }: IndexRecommendation): string {
  const schema = index.schema === 'public' ? '' : `${quoteName(index.schema)}.`;
  return `${schema}${quoteName(index.table)} (${index.keys.join(', ')})`;
}

export function toMissingIndexDiagnostic(
  target: StatementTarget,
  recommendation: IndexRecommendation,
  docsUri: vscode.Uri,
): vscode.Diagnostic {
  const { costBefore, costAfter, why, evidence } = recommendation;
  const savesMuch = costBefore > longStatementCost && costAfter <= costBefore * (1 - muchSavedRatio);
  const diagnostic = new vscode.Diagnostic(
    findRelationRange(target, recommendation.index.table),
    `Missing index (${evidence}): ${formatIndexColumns(recommendation)}. ${why.join(' ')}`,
    savesMuch ? vscode.DiagnosticSeverity.Warning : vscode.DiagnosticSeverity.Information,
  );
  diagnostic.source = missingIndexSource;
  diagnostic.code = { value: missingIndexRule, target: docsUri };
  return diagnostic;
}

/** One for all statements of a file that the role may not plan, at the first of them. */
export function toDeniedDiagnostic({ range }: StatementTarget, reason: string, statements: number): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(
    new vscode.Range(range.start, range.start),
    `PG Insight can't look for missing indexes in ${formatQuantity(statements, 'statement')} of this file. ${reason}`,
    vscode.DiagnosticSeverity.Information,
  );
  diagnostic.source = missingIndexSource;
  return diagnostic;
}

/** As the list of ignored findings knows it: by table, or by the statement itself. `sql` has numbered placeholders. */
export function toMissingIndexFinding(sql: string, recommendation: IndexRecommendation): Finding {
  const { schema, table: name } = recommendation.index;
  return {
    ruleId: missingIndexRule,
    severity: 'medium',
    subject: { kind: 'relation', schema, name },
    message: `An index on ${quoteQualifiedName(schema, name)} is missing.`,
    evidence: [],
    fingerprint: `${missingIndexRule}: ${sql.replaceAll(/\s+/g, ' ').trim()}`,
  };
}

/** Words behind which a table is named. */
const relationFollows = new Set(['from', 'join', 'update', 'into', 'using', 'only', ',', '.']);

/** Where the statement names the table; its first line when it does so by a view or a synonym only. */
function findRelationRange({ document, range, sql, toDocumentOffset }: StatementTarget, table: string): vscode.Range {
  let previous = '';
  for (const { kind, start, end } of lexSql(sql)) {
    if (kind === 'comment') continue;
    const text = sql.slice(start, end);
    const name = kind === 'word' ? text.toLowerCase() : kind === 'quoted-identifier' ? readQuoted(text) : null;
    if (name === table && relationFollows.has(previous) && sql.charAt(end) !== '.') {
      return new vscode.Range(
        document.positionAt(toDocumentOffset(start)),
        document.positionAt(toDocumentOffset(end - 1) + 1),
      );
    }
    previous = text.toLowerCase();
  }
  const firstLine = document.lineAt(range.start).range.end;
  return new vscode.Range(range.start, firstLine.isBefore(range.end) ? firstLine : range.end);
}

function readQuoted(text: string): string {
  return text.slice(1, -1).replaceAll('""', '"');
}
