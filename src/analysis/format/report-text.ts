// The report for a terminal.
import type { ReportBlock, ReportDocument, ReportFinding, ReportFix } from './report-document';
import { displayWidth, formatTextTable, toOneLine, wrapText, type TextColumn } from './text-table';

/** Marks a part of the text where colours are shown. */
export type Highlight = (part: 'title' | 'critical' | 'high' | 'medium' | 'low' | 'info', text: string) => string;

export interface ReportTextOptions {
  highlight: Highlight;
  /** That of the terminal; null where lines are not broken. */
  width: number | null;
}

const barWidth = 24;
const indent = '  ';

export function formatReportText(document: ReportDocument, options: ReportTextOptions): string {
  const { highlight, width } = options;
  const wrap = (text: string, margin: string) =>
    (width === null ? [text] : wrapText(text, width - margin.length)).map((line) => `${margin}${line}`);
  const head = [
    highlight('title', toOneLine(document.title)),
    ...wrap(toOneLine(document.subtitle), ''),
    '',
    highlight('title', `Grade: ${document.grade}`),
    ...wrap(toOneLine(document.gradeReason), ''),
  ];
  const sections = document.sections.map(({ title, blocks }) =>
    [highlight('title', title), ...blocks.map((block) => formatBlock(block, options, wrap).join('\n'))].join(
      blocks.some(({ kind }) => kind !== 'text') ? '\n\n' : '\n',
    ),
  );
  return `${[head.join('\n'), ...sections].join('\n\n')}\n`;
}

function formatBlock(
  block: ReportBlock,
  { highlight, width }: ReportTextOptions,
  wrap: (text: string, margin: string) => string[],
): string[] {
  switch (block.kind) {
    case 'text':
      return wrap(toOneLine(block.text), '');
    case 'figures':
      return formatTextTable(
        [left('figure'), right('value'), left('')],
        block.figures.map(({ label, value, note }) => [label, value, note ?? '']),
      )
        .slice(1)
        .map((line) => `${indent}${line}`);
    case 'targets':
      return formatTextTable(
        [left('figure'), right('target'), right('current'), left('status')],
        block.targets.map(({ title, target, current, statusLabel }) => [title, target, current, statusLabel]),
      ).map((line) => `${indent}${line}`);
    case 'table':
      return formatTextTable(
        block.columns,
        block.rows.map((row) => row.map(toOneLine)),
      ).map((line) => (width === null ? `${indent}${line}` : cut(`${indent}${line}`, width)));
    case 'bars': {
      const labels = block.bars.map(({ label }) => toOneLine(label));
      const labelWidth = Math.min(Math.max(...labels.map(displayWidth)), 40);
      return [
        `${indent}${block.title}`,
        ...block.bars.map(({ ratio, text }, index) => {
          const label = cut(labels[index] ?? '', labelWidth);
          const bar = '█'.repeat(ratio === 0 ? 0 : Math.max(1, Math.round(ratio * barWidth)));
          return `${indent}${label}${' '.repeat(labelWidth - displayWidth(label))}  ${bar} ${text}`;
        }),
      ];
    }
    case 'finding':
      return formatFinding(block.finding, highlight, wrap);
    case 'gap': {
      const { title, message, nextStep, fix } = block.gap;
      return [
        ...wrap(toOneLine(title), indent).map((line) => highlight('title', line)),
        ...wrap(toOneLine(`${message} ${nextStep}`), indent.repeat(2)),
        ...(fix === null ? [] : formatFix(fix, wrap)),
      ];
    }
  }
}

const left = (title: string): TextColumn => ({ title, align: 'left' });
const right = (title: string): TextColumn => ({ title, align: 'right' });

function formatFix(
  { title, sql, undoSql, undoNote, risk }: ReportFix,
  wrap: (text: string, margin: string) => string[],
): string[] {
  const margin = indent.repeat(2);
  // statements are for copying and are never broken
  const toLines = (statements: string) => statements.split('\n').map((line) => `${margin}${indent}${toOneLine(line)}`);
  return [
    ...wrap(toOneLine(`${title}. ${risk}`), margin),
    ...toLines(sql),
    ...(undoSql === null ? [] : [`${margin}To take it back:`, ...toLines(undoSql)]),
    ...(undoNote === null ? [] : wrap(undoNote, margin)),
  ];
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let short = '';
  for (const character of text) {
    if (displayWidth(short + character) > width - 1) break;
    short += character;
  }
  return `${short}…`;
}

function formatFinding(
  { severity, ruleId, message, advice, evidence, fix }: ReportFinding,
  highlight: Highlight,
  wrap: (text: string, margin: string) => string[],
): string[] {
  const margin = indent.repeat(2);
  return [
    `${indent}${highlight(severity, severity)}  ${ruleId}`,
    ...wrap(toOneLine(message), margin),
    ...(evidence.length === 0
      ? []
      : wrap(toOneLine(evidence.map(([label, value]) => `${label}: ${value}`).join('; ')), margin)),
    ...(advice === null ? [] : wrap(toOneLine(advice), margin)),
    ...(fix === null ? [] : formatFix(fix, wrap)),
  ];
}
