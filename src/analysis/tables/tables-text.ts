// The list of tables for people: in a terminal, or as Markdown. Partitions stand below their parents.
import { formatBytes, formatCount, formatQuantity, formatRatio, missing } from '../format/numbers';
import { escapeMarkdown, formatMarkdownTable, formatTextTable, toOneLine, type TextColumn } from '../format/text-table';
import { describeNothing } from '../name-filter';
import type { TableSummary } from './table';
import { buildTableTree, type SchemaNode, type TableNode } from './table-tree';
import type { CaptureOrigin } from './tables-json';

const columns: readonly TextColumn[] = [
  { title: 'table', align: 'left' },
  { title: 'kind', align: 'left' },
  { title: 'size', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'seq. scans', align: 'right' },
  { title: 'dead', align: 'right' },
  { title: 'analyzed', align: 'left' },
];

/** What stands below the list, since the figures are not what a count would give. */
const caveat =
  'Sizes (tables only, without indexes) and rows are as of the last VACUUM or ANALYZE; "seq. scans" is the share of all scans, "dead" the share of all rows.';

function toCells({ kind, ...table }: TableSummary): string[] {
  return [
    kind === 'table' ? '' : kind,
    formatBytes(table.estimatedSizeBytes),
    formatCount(table.estimatedRows === null ? null : Math.round(table.estimatedRows)),
    formatRatio(table.sequentialScanRatio),
    formatRatio(table.deadTupleRatio),
    table.lastAnalyze === null ? missing : table.lastAnalyze.slice(0, 16).replace('T', ' '),
  ];
}

function toRows(
  nodes: readonly TableNode[],
  depth: number,
  toName: (name: string, depth: number) => string,
): string[][] {
  return nodes.flatMap(({ table, partitions }) => [
    [toName(table.name, depth), ...toCells(table)],
    ...toRows(partitions, depth + 1, toName),
  ]);
}

/** By schema, how many tables there are, listed or not; a partitioned one with its partitions counts as one. */
function countTables(all: readonly TableSummary[]): ReadonlyMap<string, number> {
  return new Map(buildTableTree(all).map(({ schema, tables }) => [schema, tables.length]));
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, count) => all + count, 0);

/** "Schema public: 12 tables, 38.2 MB", or "Schema public: 2 of its 12 tables listed, together 31 MB". */
function describeSchema(
  { schema, tables, estimatedSizeBytes }: SchemaNode,
  counts: ReadonlyMap<string, number>,
): string {
  const count = Math.max(counts.get(schema) ?? 0, tables.length);
  const size = formatBytes(estimatedSizeBytes);
  return count === tables.length
    ? `Schema ${schema}: ${formatQuantity(count, 'table')}, ${size}`
    : `Schema ${schema}: ${formatCount(tables.length)} of its ${formatQuantity(count, 'table')} listed, together ${size}`;
}

/** What was chosen from: counted over all schemas, while the heading of each schema counts its own. */
export function describeLimit(limit: number, tables: readonly TableSummary[], filter: string): string {
  const matching = filter.trim() === '' ? '' : ` that match "${filter}"`;
  const schemas = new Set(tables.map(({ schema }) => schema)).size;
  const places = schemas === 1 ? '' : ` in ${formatQuantity(schemas, 'schema')}`;
  return `Listed: the ${formatCount(limit)} largest of ${formatQuantity(tables.length, 'table')}${matching}${places}.`;
}

function describeOrigin({ database, server, serverVersion }: CaptureOrigin): string {
  return `Database ${database} on ${server}, PostgreSQL ${serverVersion}`;
}

/** `all` is what `filter` chose `tables` from; `highlight` marks headings where colours are shown. */
export function formatTablesText(
  tables: readonly TableSummary[],
  all: readonly TableSummary[],
  filter: string,
  origin: CaptureOrigin,
  highlight: (text: string) => string,
): string {
  const counts = countTables(all);
  const tree = buildTableTree(tables);
  const sections = tree.map((schema) => {
    const rows = toRows(schema.tables, 1, (name, depth) => `${'  '.repeat(depth)}${toOneLine(name)}`);
    return { schema, rows };
  });
  // one table for all schemas, so that columns are aligned across them
  const [titles = '', ...lines] = formatTextTable(
    columns,
    sections.flatMap(({ rows }) => rows),
  );
  let next = 0;
  const blocks = sections.map(({ schema, rows }) => {
    const block = [
      highlight(toOneLine(describeSchema(schema, counts))),
      titles,
      ...lines.slice(next, next + rows.length),
    ];
    next += rows.length;
    return block.join('\n');
  });
  const body = blocks.length === 0 ? [toOneLine(describeNothing(sum(counts), filter, 'table'))] : [...blocks, caveat];
  return `${[toOneLine(describeOrigin(origin)), ...body].join('\n\n')}\n`;
}

export function formatTablesMarkdown(
  tables: readonly TableSummary[],
  all: readonly TableSummary[],
  filter: string,
  origin: CaptureOrigin,
): string {
  const counts = countTables(all);
  const blocks = buildTableTree(tables).flatMap((schema) => {
    const rows = toRows(schema.tables, 0, (name, depth) => `${'&nbsp;&nbsp;'.repeat(depth)}${escapeMarkdown(name)}`);
    return [`## ${escapeMarkdown(describeSchema(schema, counts))}`, formatMarkdownTable(columns, rows).join('\n')];
  });
  const body =
    blocks.length === 0 ? [escapeMarkdown(describeNothing(sum(counts), filter, 'table'))] : [...blocks, caveat];
  return `${[`# ${escapeMarkdown(describeOrigin(origin))}`, ...body].join('\n\n')}\n`;
}
