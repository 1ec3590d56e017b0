// The list of slow queries for people: in a terminal, or as Markdown.
import { formatBytes, formatCompactCount, formatMs, formatQuantity, formatRatio } from '../format/numbers';
import { escapeMarkdown, formatMarkdownTable, formatTextTable, toOneLine, type TextColumn } from '../format/text-table';
import { toHiddenStatementsFix } from './hidden-statements';
import { statementOrderTitles, type StatementEntry } from './statement-list';
import { shortenStatement } from './statement-text';
import type { StatementsOrigin } from './statements-json';
import { describeToolStatements } from './tool-statement';

const columns: readonly TextColumn[] = [
  { title: 'load', align: 'right' },
  { title: 'total', align: 'right' },
  { title: 'mean', align: 'right' },
  { title: 'slowest', align: 'right' },
  { title: 'calls', align: 'right' },
  { title: 'rows/call', align: 'right' },
  { title: 'hits', align: 'right' },
  { title: 'temp', align: 'right' },
  { title: 'role', align: 'left' },
  { title: 'statement', align: 'left' },
];

/** Where the result goes to a file or a pipe, which has no width. */
const unlimitedTextLength = 200;
/** In a terminal that is too narrow for all of it, lines are broken rather than texts cut to nothing. */
const shortestTextLength = 40;
const hiddenText = '(hidden from this role)';

function toCells(
  { statement, loadRatio, hitRatio, rowsPerCall, tempBlocks }: StatementEntry,
  blockSizeBytes: number,
): string[] {
  return [
    formatRatio(loadRatio),
    formatMs(statement.totalExecMs),
    formatMs(statement.meanExecMs),
    formatMs(statement.maxExecMs),
    formatCompactCount(statement.calls),
    formatCompactCount(rowsPerCall),
    formatRatio(hitRatio),
    tempBlocks === 0 ? '' : formatBytes(tempBlocks * blockSizeBytes),
    toOneLine(statement.role ?? ''),
  ];
}

function describeOrigin({ database, server, serverVersion }: StatementsOrigin): string {
  return `Database ${database} on ${server}, PostgreSQL ${serverVersion}`;
}

function describeList(entries: readonly StatementEntry[], origin: StatementsOrigin): string {
  const { statistics, totalStatements, sortedBy } = origin;
  const all = formatQuantity(totalStatements, 'statement');
  const since =
    statistics.statisticsReset === null
      ? 'since the last reset (pg_stat_statements before 1.9 does not say when)'
      : `since ${statistics.statisticsReset.slice(0, 16).replace('T', ' ')} UTC`;
  const listed = entries.length === totalStatements ? all : `${entries.length} of ${all}`;
  return `${listed} by ${statementOrderTitles[sortedBy]}, ${since}`;
}

/** What the list does not hold, and how to read its figures; a paragraph each. */
function describeLimits({ statistics, hiddenStatements, toolStatements, role }: StatementsOrigin): string[] {
  const tools = describeToolStatements(toolStatements);
  return [
    '"load" is the share of the total time of all statements, "hits" of shared blocks that were found in the buffers, "temp" what went to temporary files and came back.',
    ...(tools === null ? [] : [tools]),
    ...(hiddenStatements === 0
      ? []
      : [
          `${formatQuantity(hiddenStatements, 'statement')} of other roles ${hiddenStatements === 1 ? 'has a text that is' : 'have texts that are'} hidden from role "${role}": ${toHiddenStatementsFix(role).sql}`,
        ]),
    ...(statistics.deallocated === null || statistics.deallocated === 0
      ? []
      : [
          `Room ran out ${formatQuantity(statistics.deallocated, 'time')}, so rare statements were thrown out: raise pg_stat_statements.max.`,
        ]),
  ];
}

function describeNothing({ totalStatements, minMeanMs }: StatementsOrigin): string {
  return totalStatements === 0
    ? 'There are no statements.'
    : `None of ${formatQuantity(totalStatements, 'statement')} takes ${minMeanMs} ms or more on average.`;
}

/** `width` is the terminal's; null when the result goes elsewhere. */
export function formatStatementsText(
  entries: readonly StatementEntry[],
  origin: StatementsOrigin,
  width: number | null,
  highlight: (text: string) => string,
): string {
  const rows = entries.map((entry) => toCells(entry, origin.blockSizeBytes));
  const [plainTitle = ''] = formatTextTable(
    columns,
    rows.map((row) => [...row, '']),
  );
  // the last title is the only thing in the last column so far
  const room = width === null ? unlimitedTextLength : width - (plainTitle.length - 'statement'.length) - 1;
  const length = Math.max(room, shortestTextLength);
  const [titles = '', ...lines] = formatTextTable(
    columns,
    rows.map((row, index) => {
      const text = entries[index]?.statement.text ?? null;
      return [...row, text === null ? hiddenText : shortenStatement(text, length)];
    }),
  );
  const body =
    entries.length === 0
      ? [describeNothing(origin)]
      : [[highlight(describeList(entries, origin)), titles, ...lines].join('\n'), ...describeLimits(origin)];
  return `${[toOneLine(describeOrigin(origin)), ...body].join('\n\n')}\n`;
}

/** Texts are whole: a document has room for them. */
export function formatStatementsMarkdown(entries: readonly StatementEntry[], origin: StatementsOrigin): string {
  const rows = entries.map((entry, index) => [
    ...toCells(entry, origin.blockSizeBytes).map(escapeMarkdown),
    entry.statement.text === null ? hiddenText : `[${index + 1}](#${index + 1})`,
  ]);
  const texts = entries.flatMap(({ statement: { text } }, index) =>
    text === null ? [] : [`### ${index + 1}\n\n${toCodeBlock(text)}`],
  );
  const body =
    entries.length === 0
      ? [describeNothing(origin)]
      : [
          `${escapeMarkdown(describeList(entries, origin))}:`,
          formatMarkdownTable(columns, rows).join('\n'),
          ...describeLimits(origin).map(escapeMarkdown),
          ...texts,
        ];
  return `${[`# ${escapeMarkdown(describeOrigin(origin))}`, ...body].join('\n\n')}\n`;
}

/** With a longer fence than any in the text. */
function toCodeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sql\n${text}\n${fence}`;
}
