// The report as Markdown, for a ticket or a wiki.
import type { ReportBlock, ReportDocument, ReportFinding, ReportFix } from './report-document';
import { escapeMarkdown, formatMarkdownTable, type TextColumn } from './text-table';

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
    case 'figures':
      return [
        formatTable(
          [left('figure'), right('value'), left('')],
          block.figures.map(({ label, value, note }) => [label, value, note ?? '']),
        ),
      ];
    case 'targets':
      return [
        formatTable(
          [left('figure'), right('target'), right('current'), left('status')],
          block.targets.map(({ title, target, current, statusLabel }) => [title, target, current, statusLabel]),
        ),
      ];
    case 'table':
      return [formatTable(block.columns, block.rows)];
    // the table beside it has the same figures
    case 'bars':
      return [];
    case 'finding':
      return formatFinding(block.finding);
    case 'gap': {
      const { title, message, nextStep, fix } = block.gap;
      return [
        `### ${escapeMarkdown(title)}`,
        escapeMarkdown(`${message} ${nextStep}`),
        ...(fix === null ? [] : formatFix(fix)),
      ];
    }
  }
}

const left = (title: string): TextColumn => ({ title, align: 'left' });
const right = (title: string): TextColumn => ({ title, align: 'right' });

function formatTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  return formatMarkdownTable(
    columns,
    rows.map((row) => row.map(escapeMarkdown)),
  ).join('\n');
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

function formatFix({ title, sql, undoSql, undoNote, risk }: ReportFix): string[] {
  return [
    escapeMarkdown(`${title}. ${risk}`),
    formatSql(sql),
    ...(undoSql === null ? [] : ['To take it back:', formatSql(undoSql)]),
    ...(undoNote === null ? [] : [escapeMarkdown(undoNote)]),
  ];
}
