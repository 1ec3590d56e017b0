// Why an index is advised for a statement, as a page in Markdown: what it serves, what the planner makes of it, what it
// costs, what it was chosen over, and the plans without and with it.
import type { EvidenceGrade } from '../../finding';
import { formatBytes, formatCount } from '../../format/numbers';
import { escapeMarkdown, formatMarkdownTable, type TextColumn } from '../../format/text-table';
import { formatPlanText } from '../../format/plan-text';
import type { Plan } from '../../plan/plan';
import { quoteName } from '../../sql/identifiers';
import { describeIndexColumns, describeSaving } from './describe-saving';
import type { StatementChange } from '../find-index-set';
import { formatIndexScript } from '../index-ddl';
import type { WorkloadRecommendation } from '../workload-advice';

export interface IndexWhy {
  title: string;
  /** As it was planned. */
  sql: string;
  /** Of this statement. */
  change: StatementChange;
  recommendation: WorkloadRecommendation;
  /** Why it was not a better engine; null when there is nothing to say. */
  engineNote: string | null;
  /** Null where the engine makes no plans; `planAfter` with the name that the index would have. */
  plans: { before: Plan; after: Plan } | null;
}

const gradeSentences: Record<EvidenceGrade, string> = {
  estimated: "**Estimated**: from the server's statistics and the planner's formulas. No plan was made with the index.",
  planned:
    "**Planned**: PostgreSQL's own planner chose the index, in a copy of the tables' definitions and statistics without rows. Nothing was built or run.",
  measured: '**Measured**: the statement was run without and with the index.',
};

const costColumns: readonly TextColumn[] = [
  { title: 'statement', align: 'left' },
  { title: 'without', align: 'right' },
  { title: 'with', align: 'right' },
  { title: 'change', align: 'right' },
];

const fence = (language: string, text: string) => ['```' + language, text.trimEnd(), '```', ''];

/** `plans` without findings: they are of the statement as it is today. */
export function formatIndexWhy(why: IndexWhy): string {
  const { recommendation, change, plans, engineNote, sql, title } = why;
  const { why: reasons, winners, losers, evidence, steps, undo, makesRedundant, sizeBytes } = recommendation;
  const others = winners.filter(({ id }) => id !== change.id);
  const toRow = ({ id, costBefore, costAfter }: StatementChange) => [
    escapeMarkdown(id),
    formatCount(Math.round(costBefore)),
    formatCount(Math.round(costAfter)),
    describeSaving(costBefore, costAfter),
  ];
  const { table } = recommendation.index;
  return [
    `# Why an index on ${escapeMarkdown(describeIndexColumns(recommendation.index))}?`,
    '',
    `${gradeSentences[evidence]}${engineNote === null ? '' : ` ${escapeMarkdown(engineNote)}`}`,
    '',
    `## ${escapeMarkdown(title)}`,
    '',
    ...fence('sql', sql),
    '## What it does',
    '',
    ...reasons.map((reason) => `- ${escapeMarkdown(reason)}`),
    ...(makesRedundant.length === 0
      ? []
      : [`- ${escapeMarkdown(`It does all that ${makesRedundant.join(', ')} does, which could go.`)}`]),
    '',
    "## Planner's cost",
    '',
    ...formatMarkdownTable(costColumns, [toRow(change), ...others.map(toRow)]),
    '',
    ...(losers.length === 0 ? [] : [`Dearer with it: ${escapeMarkdown(losers.join(', '))}.`, '']),
    ...(plans === null
      ? []
      : [
          '## Plan without the index',
          '',
          ...fence('text', formatPlanText(plans.before, [], { width: null })),
          '## Plan with the index',
          '',
          ...fence('text', formatPlanText(plans.after, [], { width: null })),
        ]),
    '## The index',
    '',
    ...(sizeBytes === null ? [] : [`About ${formatBytes(sizeBytes)} on ${escapeMarkdown(quoteName(table))}.`, '']),
    ...fence('sql', `${formatIndexScript(steps)}\n-- to take it back: ${undo};`),
  ].join('\n');
}
