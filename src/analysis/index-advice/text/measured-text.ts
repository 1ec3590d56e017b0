// What the trial of an advice has shown, for a terminal, as Markdown and as JSON.
import * as z from 'zod';
import { formatMs, formatQuantity, formatRatio } from '../../format/numbers';
import {
  escapeMarkdown,
  formatMarkdownTable,
  formatTextTable,
  toOneLine,
  type TextColumn,
} from '../../format/text-table';
import { toIndexClause } from '../../index-build/index-steps';
import { quoteQualifiedName } from '../../sql/identifiers';
import type { LostIndex, MeasuredAdvice, MeasuredStatement } from '../measure/measure-advice';
import type { MeasuredTime } from '../measure/measured-time';

const ms = z.number().nonnegative();

const timeJsonSchema = z.object({
  medianMs: ms,
  /** Half of the runs lie between the two. */
  lowMs: ms,
  highMs: ms,
  runsMs: z.array(ms),
  /** It was given up after medianMs, and takes longer. */
  cutOff: z.boolean(),
});

export const measuredJsonSchema = z.object({
  /** How often a set of indexes was built and run. */
  rounds: z.number().int().nonnegative(),
  /** False when the time was over before the last set was measured: statements is empty then. */
  complete: z.boolean(),
  statements: z.array(
    z.object({
      id: z.string(),
      /** Of $1 to $n. */
      values: z.array(z.string().nullable()),
      before: timeJsonSchema,
      after: timeJsonSchema,
      change: z.enum(['faster', 'slower', 'same']),
    }),
  ),
  /** Statements that were not run, and why. */
  unmeasured: z.array(z.object({ id: z.string(), reason: z.string() })),
  /** Indexes that were tried and are not advised any more. */
  lost: z.array(z.object({ index: z.string(), reason: z.string() })),
});

const toTimeJson = ({ runsMs, isCutOff, ...time }: MeasuredTime) => ({
  ...time,
  runsMs: [...runsMs],
  cutOff: isCutOff,
});

/** "orders USING btree (customer_id)" */
function describeLost({ index }: LostIndex): string {
  return `${quoteQualifiedName(index.schema, index.table)} ${toIndexClause(index)}`;
}

export function toMeasuredJson({
  rounds,
  isComplete,
  statements,
  unmeasured,
  lost,
}: MeasuredAdvice): z.infer<typeof measuredJsonSchema> {
  return {
    rounds,
    complete: isComplete,
    statements: statements.map(({ id, values, before, after, change }) => ({
      ...{ id, values: [...values], change },
      before: toTimeJson(before),
      after: toTimeJson(after),
    })),
    unmeasured: unmeasured.map((each) => ({ ...each })),
    lost: lost.map((each) => ({ index: describeLost(each), reason: each.reason })),
  };
}

const formatMedian = ({ medianMs, isCutOff }: MeasuredTime) => `${isCutOff ? 'more than ' : ''}${formatMs(medianMs)}`;

/** "120 ms → 1.2 ms (-99%)" */
function describeChange({ before, after }: Pick<MeasuredStatement, 'before' | 'after'>): string {
  const ratio = before.medianMs === 0 ? 0 : after.medianMs / before.medianMs;
  const percent = ratio > 1 ? `+${formatRatio(ratio - 1)}` : `-${formatRatio(1 - ratio)}`;
  return `${formatMedian(before)} → ${formatMedian(after)} (${percent})`;
}

/** "120 ms → 1.2 ms (-99%), median of 5 and 5 runs" */
export function describeMeasured(statement: Pick<MeasuredStatement, 'before' | 'after'>): string {
  const { before, after } = statement;
  return `${describeChange(statement)}, median of ${before.runsMs.length} and ${formatQuantity(after.runsMs.length, 'run')}`;
}

/** "118 ms to 125 ms of 5 runs" */
function formatSpread({ lowMs, highMs, runsMs, isCutOff }: MeasuredTime): string {
  return isCutOff ? 'given up' : `${formatMs(lowMs)} to ${formatMs(highMs)} of ${runsMs.length}`;
}

const columns: readonly TextColumn[] = [
  { title: 'Measured', align: 'left' },
  { title: 'Before', align: 'right' },
  { title: 'Half of the runs', align: 'left' },
  { title: 'After', align: 'right' },
  { title: 'Half of the runs', align: 'left' },
  { title: 'Change', align: 'left' },
  { title: 'Values', align: 'left' },
];

function toRow({ id, values, before, after, change }: MeasuredStatement): string[] {
  const shown = values.map((value, at) => `$${at + 1} = ${value ?? 'NULL'}`).join(', ');
  return [
    id,
    formatMedian(before),
    formatSpread(before),
    formatMedian(after),
    formatSpread(after),
    change === 'same' ? 'within noise' : change,
    shown,
  ].map(toOneLine);
}

function describeLosses({ lost, unmeasured, isComplete }: MeasuredAdvice): string[] {
  return [
    ...(isComplete ? [] : ['The time was over before the trial was: the advice is not measured.']),
    ...lost.map((each) => `Tried and dropped: ${describeLost(each)}. ${each.reason}`),
    ...unmeasured.map(({ id, reason }) => `Not measured: ${id}. ${reason}`),
  ];
}

export function formatMeasuredText(measured: MeasuredAdvice, bold: (text: string) => string): string {
  const [header = '', ...rows] = formatTextTable(columns, measured.statements.map(toRow));
  const lines = [...(rows.length === 0 ? [] : [bold(header), ...rows]), ...describeLosses(measured).map(toOneLine)];
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}

export function formatMeasuredMarkdown(measured: MeasuredAdvice): string {
  const rows = measured.statements.map((statement) => toRow(statement).map(escapeMarkdown));
  const lines = [
    ...(rows.length === 0 ? [] : [...formatMarkdownTable(columns, rows), '']),
    ...describeLosses(measured).map((line) => `- ${escapeMarkdown(line)}`),
  ];
  return lines.length === 0 ? '' : `\n## Measured\n\n${lines.join('\n')}\n`;
}

/** Comments above the DDL that they are about. */
export function formatMeasuredComment({ statements }: MeasuredAdvice, statementIds: readonly string[]): string[] {
  return statements
    .filter(({ id }) => statementIds.includes(id))
    .map((statement) => `-- ${toOneLine(statement.id)}: ${describeMeasured(statement)}`);
}
