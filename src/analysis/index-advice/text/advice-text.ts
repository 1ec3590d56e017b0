// Advice for a terminal, as Markdown and as SQL.
import { formatBytes, formatCompactCount, formatQuantity, formatRatio } from '../../format/numbers';
import {
  escapeMarkdown,
  formatMarkdownTable,
  formatTextTable,
  toOneLine,
  type TextColumn,
} from '../../format/text-table';
import { formatIndexScript } from '../index-ddl';
import { quoteQualifiedName } from '../../sql/identifiers';
import { shortenStatement } from '../../statements/statement-text';
import { minimumSavedRatio } from '../index-advice';
import { engineSentences } from './engine-sentences';
import type { DropCandidate } from '../selection/find-drop-candidates';
import type { WorkloadAdvice, WorkloadRecommendation, WorkloadStatementAdvice } from '../workload-advice';

/** Characters of a statement behind its query identifier. */
const shownLength = 50;

const gradeNotes = {
  estimated: 'estimated from statistics: no index was built and no plan was made with one',
  planned: 'the planner chose it',
  measured: 'measured before and after',
} as const;

/** How the answer was made, and what it lacks. */
function describeEngine({ engine, engineNote, isComplete }: WorkloadAdvice): string[] {
  return [
    engineSentences[engine],
    ...(engineNote === null ? [] : [engineNote]),
    ...(isComplete ? [] : ['The deadline ended the search: a better set may be there.']),
  ];
}

const columns: readonly TextColumn[] = [
  { title: 'Statement', align: 'left' },
  { title: 'Calls', align: 'right' },
  { title: 'Cost before', align: 'right' },
  { title: 'Cost after', align: 'right' },
  { title: 'Verdict', align: 'left' },
];

/** A query identifier says nothing to a person; a place in a file does. */
function nameStatement({ id, sql }: WorkloadStatementAdvice): string {
  return /^-?\d+$/.test(id) ? `${id} ${shortenStatement(sql, shownLength)}` : id;
}

function nameStatements({ statements }: WorkloadAdvice, ids: readonly string[]): string {
  return ids
    .map((id) => {
      const statement = statements.find((each) => each.id === id);
      return statement === undefined ? id : nameStatement(statement);
    })
    .join(', ');
}

function formatVerdict({ status, reason, costBefore, costAfter }: WorkloadStatementAdvice): string {
  const isCheaper = costBefore !== null && costAfter !== null && costAfter < costBefore * (1 - minimumSavedRatio);
  switch (status) {
    case 'advice':
      return 'an index would help';
    case 'none':
      return isCheaper ? 'an index for other statements helps' : 'no index is known that would help';
    case 'not-possible':
      return reason ?? 'not assessed';
  }
}

function toRow(statement: WorkloadStatementAdvice): string[] {
  const { calls, costBefore, costAfter } = statement;
  const [name, count, before, after] = [
    nameStatement(statement),
    formatCompactCount(calls),
    formatCompactCount(costBefore === null ? null : Math.round(costBefore)),
    formatCompactCount(costAfter === null ? null : Math.round(costAfter)),
  ];
  return [name, count, before, after, formatVerdict(statement)].map(toOneLine);
}

function summarize({ statements, recommendations }: WorkloadAdvice): string {
  const notAssessed = statements.filter(({ status }) => status === 'not-possible').length;
  const indexes =
    recommendations.length === 0 ? 'No index' : formatQuantity(recommendations.length, 'index', 'indexes');
  return (
    `${indexes} advised for ${formatQuantity(statements.length, 'statement')}` +
    (notAssessed === 0 ? '.' : `; ${formatQuantity(notAssessed, 'statement')} could not be assessed.`)
  );
}

function formatFigures({ costBefore, costAfter, sizeBytes, evidence }: WorkloadRecommendation): string {
  const saved = costBefore === 0 ? 0 : 1 - costAfter / costBefore;
  return (
    `cost ${formatCompactCount(Math.round(costBefore))} → ${formatCompactCount(Math.round(costAfter))} ` +
    `(${formatRatio(saved)} less), ${sizeBytes === null ? 'size not known' : `about ${formatBytes(sizeBytes)}`}; ${gradeNotes[evidence]}`
  );
}

/** Existing indexes that no statement of the workload would miss. */
function formatDrop({ schema, name, sizeBytes, scans }: DropCandidate): string {
  const used =
    scans === 0
      ? 'not used since the server began to count'
      : `used ${formatCompactCount(scans)} times since the server began to count`;
  return `${quoteQualifiedName(schema, name)}: ${formatBytes(sizeBytes)}, ${used}`;
}

const droppable = ({ drops }: WorkloadAdvice) => drops.filter(({ regressions }) => regressions.length === 0);
const dropTitle = 'Existing indexes that none of these statements would miss, all gone together';

export function formatAdviceText(advice: WorkloadAdvice, bold: (text: string) => string): string {
  const [header = '', ...rows] = formatTextTable(columns, advice.statements.map(toRow));
  const lines = [summarize(advice), ...describeEngine(advice).map(toOneLine)];
  for (const recommendation of advice.recommendations) {
    lines.push(
      '',
      ...recommendation.steps.map((step) => bold(`${toOneLine(step)};`)),
      `  ${formatFigures(recommendation)}`,
      ...recommendation.why.map((reason) => `  ${toOneLine(reason)}`),
      `  Statements: ${toOneLine(nameStatements(advice, recommendation.statementIds))}`,
      ...(recommendation.losers.length === 0
        ? []
        : [`  Dearer with it: ${toOneLine(nameStatements(advice, recommendation.losers))}`]),
      `  To take it back: ${toOneLine(recommendation.undo)};`,
    );
  }
  const drops = droppable(advice).map(formatDrop);
  if (drops.length > 0) lines.push('', bold(dropTitle), ...drops.map((drop) => `  ${toOneLine(drop)}`));
  if (advice.statements.length > 0) lines.push('', bold(header), ...rows);
  return `${lines.join('\n')}\n`;
}

export function formatAdviceMarkdown(advice: WorkloadAdvice): string {
  const about = [summarize(advice), ...describeEngine(advice)].join(' ');
  const lines = ['# Index advice', '', escapeMarkdown(about), ''];
  for (const recommendation of advice.recommendations) {
    const { name, steps, why, statementIds, losers, undo } = recommendation;
    lines.push(
      `## ${escapeMarkdown(name)}`,
      '',
      '```sql',
      formatIndexScript(steps),
      `-- To take it back: ${undo};`,
      '```',
      '',
      `- ${escapeMarkdown(formatFigures(recommendation))}`,
      ...why.map((reason) => `- ${escapeMarkdown(reason)}`),
      `- Statements: ${escapeMarkdown(nameStatements(advice, statementIds))}`,
      ...(losers.length === 0 ? [] : [`- Dearer with it: ${escapeMarkdown(nameStatements(advice, losers))}`]),
      '',
    );
  }
  const drops = droppable(advice).map(formatDrop);
  if (drops.length > 0) lines.push(`## ${dropTitle}`, '', ...drops.map((drop) => `- ${escapeMarkdown(drop)}`), '');
  const rows = advice.statements.map((statement) => toRow(statement).map(escapeMarkdown));
  if (rows.length > 0) lines.push('## Statements', '', ...formatMarkdownTable(columns, rows), '');
  return lines.join('\n');
}

/** Only the DDL, a statement a line: what psql -f takes. */
export function formatAdviceSql(
  { recommendations }: WorkloadAdvice,
  /** Lines above the DDL of each. */
  toComments: (recommendation: WorkloadRecommendation) => readonly string[] = () => [],
): string {
  return recommendations
    .map((recommendation) =>
      [...toComments(recommendation), formatIndexScript(recommendation.steps)].map((line) => `${line}\n`).join(''),
    )
    .join('');
}
