// What an SQL file shows of an index that a statement lacks: where it is marked, how urgently, in which words.
import * as vscode from 'vscode';
import type { Finding } from '../analysis/finding';
import { formatBytes, formatCount, formatQuantity, formatRatio } from '../analysis/format/numbers';
import { describeIndexColumns } from '../analysis/index-advice/text/describe-saving';
import { missingIndexRule } from '../analysis/index-advice/missing-index-findings';
import type { StatementChange } from '../analysis/index-advice/find-index-set';
import type { IndexRecommendation } from '../analysis/index-advice/index-advice';
import type { WorkloadRecommendation } from '../analysis/index-advice/workload-advice';
import { lexSql } from '../analysis/sql/lex-sql';
import { quoteQualifiedName } from '../analysis/sql/identifiers';
import type { StatementTarget } from './statement-target';

export const missingIndexSource = 'PG Insight';

/** jit_above_cost's default: from here on PostgreSQL itself takes a statement for a long one. */
const longStatementCost = 100_000;
/** Saves an order of magnitude. */
const muchSavedRatio = 0.9;

export function toMissingIndexDiagnostic(
  target: StatementTarget,
  recommendation: WorkloadRecommendation,
  change: StatementChange,
  docsUri: vscode.Uri,
): vscode.Diagnostic {
  const { costBefore, costAfter } = change;
  const savesMuch = costBefore > longStatementCost && costAfter <= costBefore * (1 - muchSavedRatio);
  const diagnostic = new vscode.Diagnostic(
    findRelationRange(target, recommendation.index.table),
    describeMissingIndex(recommendation, change),
    savesMuch ? vscode.DiagnosticSeverity.Warning : vscode.DiagnosticSeverity.Information,
  );
  diagnostic.source = missingIndexSource;
  diagnostic.code = { value: missingIndexRule, target: docsUri };
  return diagnostic;
}

/** The figures are those of the marked statement; the page "Why this index?" has the rest. */
function describeMissingIndex(recommendation: WorkloadRecommendation, change: StatementChange): string {
  const { evidence, index, sizeBytes, why, winners, makesRedundant } = recommendation;
  const { costBefore, costAfter } = change;
  const cost = (value: number) => formatCount(Math.round(value));
  const grade = `${evidence.charAt(0).toUpperCase()}${evidence.slice(1)}`;
  return [
    `Missing index (${evidence}): ${describeIndexColumns(index)}.`,
    ...why.slice(0, 1),
    `${grade} cost of the statement: ${cost(costBefore)} → ${cost(costAfter)} (${formatRatio(1 - costAfter / costBefore)} less).`,
    ...(sizeBytes === null
      ? []
      : [`The index takes about ${formatBytes(sizeBytes)}, and every write keeps it up to date.`]),
    ...(winners.length > 1 ? [`It serves ${formatQuantity(winners.length, 'statement')} of this file.`] : []),
    ...(makesRedundant.length === 0 ? [] : [`It makes ${makesRedundant.join(', ')} redundant.`]),
  ].join(' ');
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
