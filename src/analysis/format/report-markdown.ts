// The report as Markdown, for a ticket or a wiki.
import type { ReportBlock, ReportDocument, ReportFinding } from './report-document';
import { escapeMarkdown, formatMarkdownTable } from './text-table';

export function formatReportMarkdown(document: ReportDocument): string {
  const head = [
    `# ${escapeMarkdown(document.title)}`,
    escapeMarkdown(document.subtitle),
    `**Grade: ${escapeMarkdown(document.grade)}**. ${escapeMarkdown(document.gradeReason)}`,
  ];
  const sections = document.sections.flatMap(({ title, blocks }) => [
    `## ${escapeMarkdown(title)}`,
    ...blocks.flatMap(formatBlock),
  ]);
  return `${[...head, ...sections].join('\n\n')}\n`;
}

function formatBlock(block: ReportBlock): string[] {
  switch (block.kind) {
    case 'text':
      return [escapeMarkdown(block.text)];
    case 'table':
      return [
        formatMarkdownTable(
          block.columns,
          block.rows.map((row) => row.map(escapeMarkdown)),
        ).join('\n'),
      ];
    // the table beside it has the same figures
    case 'bars':
      return [];
    case 'finding':
      return formatFinding(block.finding);
  }
}

/** A fence longer than any run of backticks in the text. */
function formatSql(sql: string): string {
  const longest = Math.max(2, ...[...sql.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sql\n${sql}\n${fence}`;
}

function formatFinding({ ruleId, message, advice, evidence, fix }: ReportFinding): string[] {
  return [
    `### ${escapeMarkdown(message)}`,
    [
      `Rule: ${escapeMarkdown(ruleId)}`,
      ...evidence.map(([label, value]) => `${escapeMarkdown(label)}: ${escapeMarkdown(value)}`),
    ]
      .map((line) => `- ${line}`)
      .join('\n'),
    ...(advice === null ? [] : [escapeMarkdown(advice)]),
    ...(fix === null ? [] : formatFix(fix)),
  ];
}

function formatFix({ title, sql, undoSql, risk }: NonNullable<ReportFinding['fix']>): string[] {
  return [
    escapeMarkdown(`${title}. ${risk}`),
    formatSql(sql),
    ...(undoSql === null ? [] : ['To take it back:', formatSql(undoSql)]),
  ];
}
