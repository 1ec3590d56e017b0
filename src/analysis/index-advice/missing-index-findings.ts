// What advice for the statements of a server says in a health report: a finding for each missing index, with the costs
// that the planner has for it, and what could not be judged.
import { isDatabaseFailure, type DatabaseFailure } from '../connection/connection-failure';
import type { Evidence, Finding, SuggestedFix } from '../finding';
import { formatBytes, formatCompactCount, formatQuantity } from '../format/numbers';
import { formatObjectName } from '../format/object-name';
import { findIgnoreReason } from '../ignore-list';
import type { IgnoreEntry } from '../parse-ignore-list';
import type { ReportMissingIndexes } from '../report';
import type { Snapshot } from '../snapshot';
import { shortenStatement } from '../statements/statement-text';
import { reportWorkloadOptions, toStatementWorkload } from '../statements/statement-workload';
import { formatIndexScript } from './index-ddl';
import { describeIndexColumns, describeSaving } from './text/describe-saving';
import type {
  WorkloadAdvice,
  WorkloadRecommendation,
  WorkloadStatement,
  WorkloadStatementAdvice,
} from './workload-advice';

/** Also the name of its page in docs/rules. */
export const missingIndexRule = 'missing-index';
/** Characters of a statement beside its costs. */
const shownLength = 60;
/** Named with their costs; the others are counted. */
const namedStatements = 3;

type Advice = Pick<WorkloadAdvice, 'engine' | 'engineNote' | 'isComplete' | 'statements' | 'recommendations'>;

/** Of no statement: there is nothing to start an engine for. */
const emptyAdvice: Advice = {
  engine: 'statistics',
  engineNote: null,
  statements: [],
  recommendations: [],
  isComplete: true,
};

/** What the report asks of whoever advises; only for statements that can be planned. */
export type AdviseForReport = (
  statements: readonly WorkloadStatement[],
  options: { deadlineMs: number; findsDrops: false },
) => Promise<Advice>;

/**
 * For the statements of a snapshot that took most time. A failure of the advice is a part of the report, unless `endsReport`
 * says that there is to be no report.
 */
export async function findMissingIndexes(
  { sections }: Pick<Snapshot, 'sections'>,
  role: string,
  advise: AdviseForReport,
  endsReport: (failure: DatabaseFailure) => boolean,
): Promise<ReportMissingIndexes> {
  if (sections.statements.status === 'unavailable') {
    const { message, nextStep } = sections.statements.reason;
    return { status: 'unavailable', message, nextStep };
  }
  const { limit, timeoutMs, deadlineMs } = reportWorkloadOptions;
  const { statements, hidden } = toStatementWorkload(sections.statements.rows, { role, limit, timeoutMs });
  if (statements.length === 0) return toMissingIndexes(emptyAdvice, hidden);
  try {
    return toMissingIndexes(await advise(statements, { deadlineMs, findsDrops: false }), hidden);
  } catch (error) {
    if (!isDatabaseFailure(error) || endsReport(error)) throw error;
    return { status: 'unavailable', message: error.message, nextStep: error.nextStep };
  }
}

/** `unsupported` are those that were not even given to the planner. */
export function toMissingIndexes(
  advice: Advice,
  unsupported: readonly WorkloadStatementAdvice[] = [],
): ReportMissingIndexes & { status: 'looked' } {
  const { engine, engineNote, isComplete } = advice;
  const statements = [...advice.statements, ...unsupported];
  return {
    ...{ status: 'looked', engine, engineNote, complete: isComplete },
    statements: statements.length,
    notAssessed: statements.flatMap(({ id, sql, reason }) => (reason === null ? [] : [{ id, sql, reason }])),
    findings: advice.recommendations.map((recommendation) => toFinding(recommendation, advice.statements)),
  };
}

/** Without those that somebody chose not to see. */
export function leaveOutIgnored<Missing extends ReportMissingIndexes | null>(
  missing: Missing,
  ignore: readonly IgnoreEntry[],
): Missing {
  if (missing?.status !== 'looked') return missing;
  return { ...missing, findings: missing.findings.filter((each) => findIgnoreReason(each, ignore) === null) };
}

function toFinding(recommendation: WorkloadRecommendation, statements: readonly WorkloadStatementAdvice[]): Finding {
  const { index, evidence: grade, costBefore, costAfter, sizeBytes, winners, why, write } = recommendation;
  const { schema, table: name } = index;
  const subject = { kind: 'relation' as const, schema, name };
  const columns = describeIndexColumns(index);
  const cost = (value: number) => formatCompactCount(Math.round(value));
  const evidence: Evidence[] = [
    { grade, label: 'cost before', value: Math.round(costBefore), unit: null },
    { grade, label: 'cost after', value: Math.round(costAfter), unit: null },
    ...(sizeBytes === null ? [] : [{ grade: 'estimated' as const, label: 'size', value: sizeBytes, unit: 'bytes' }]),
    ...(write === null
      ? []
      : [{ grade: 'estimated' as const, label: 'writes dearer by', value: write.ratio, unit: 'ratio' }]),
    ...winners.slice(0, namedStatements).map(({ id, costBefore: before, costAfter: after }) => {
      const sql = statements.find((each) => each.id === id)?.sql ?? id;
      return {
        grade,
        label: shortenStatement(sql, shownLength),
        value: `${cost(before)} → ${cost(after)} a call`,
        unit: null,
      };
    }),
    ...(winners.length <= namedStatements
      ? []
      : [{ grade, label: 'further statements', value: winners.length - namedStatements, unit: null }]),
  ];
  return {
    ruleId: missingIndexRule,
    severity: 'medium',
    subject,
    message:
      `An index on ${columns} is missing for ${formatQuantity(winners.length, 'statement')}: ` +
      `${grade} cost ${cost(costBefore)} → ${cost(costAfter)} (${describeSaving(costBefore, costAfter)}).`,
    advice: why.join(' '),
    evidence,
    fix: toFix(recommendation),
    fingerprint: `${missingIndexRule}: ${formatObjectName(subject)}: ${columns}`,
  };
}

function toFix({ steps, undo, index, sizeBytes }: WorkloadRecommendation): SuggestedFix {
  const size = sizeBytes === null ? 'disk space' : `about ${formatBytes(sizeBytes)}`;
  return {
    title: `Create an index on ${describeIndexColumns(index)}`,
    sql: formatIndexScript(steps),
    undoSql: formatIndexScript([undo]),
    risk: `Takes ${size}, slows writes a little, and the build reads the table twice.`,
    outsideTransaction: true,
  };
}
