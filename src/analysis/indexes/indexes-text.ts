// The list of indexes for people: in a terminal, or as Markdown. Indexes of partitions stand below the one they are
// attached to; what was found is said below the list, with what could not be looked at.
import { formatBytes, formatCount, formatQuantity, missing } from '../format/numbers';
import { escapeMarkdown, formatMarkdownTable, formatTextTable, toOneLine, type TextColumn } from '../format/text-table';
import { describeNothing } from '../name-filter';
import type { RuleOutcome } from '../report';
import { quoteQualifiedName } from '../sql/identifiers';
import type { CaptureOrigin } from '../tables/tables-json';
import { indexRules } from './index-groups';
import { flattenIndexTree, type IndexNode } from './index-tree';

const columns: readonly TextColumn[] = [
  { title: 'index', align: 'left' },
  { title: 'table', align: 'left' },
  { title: 'size', align: 'right' },
  { title: 'scans', align: 'right' },
  { title: 'last scan', align: 'left' },
  { title: 'findings', align: 'left' },
];

const caveat =
  'Sizes are as of the last VACUUM, ANALYZE or CREATE INDEX; scans are those of this server since its statistics were reset. Indexes of partitions count with the one they are attached to.';

export function describeRules({ findings }: IndexNode): string {
  return findings.map(({ ruleId }) => (indexRules[ruleId] ?? ruleId).toLowerCase()).join(', ');
}

/** "Unused: scans are counted for 0.1 days only ... Look again ...": null for a rule that ran. */
export function describeNotChecked(outcome: RuleOutcome): string | null {
  switch (outcome.status) {
    case 'ran':
      return null;
    case 'disabled':
      return 'Switched off in the settings.';
    case 'skipped':
      return `${outcome.reason.message} ${outcome.reason.nextStep}`;
  }
}

function toRows(
  nodes: readonly IndexNode[],
  depth: number,
  toName: (name: string, depth: number) => string,
  toCell: (text: string) => string,
): string[][] {
  return nodes.flatMap((node) => {
    const { schema, name, tableName } = node.index;
    return [
      [
        toName(quoteQualifiedName(schema, name), depth),
        toCell(tableName),
        formatBytes(node.sizeBytes),
        formatCount(node.scans),
        node.lastScan === null ? missing : node.lastScan.slice(0, 16).replace('T', ' '),
        describeRules(node),
      ],
      ...toRows(node.parts, depth + 1, toName, toCell),
    ];
  });
}

/** The size is that of the listed indexes: when some of `count` are left out, it says so. */
function describeOrigin(
  nodes: readonly IndexNode[],
  count: number,
  { database, server, serverVersion }: CaptureOrigin,
): string {
  const sizeBytes = nodes.reduce((sum, node) => sum + node.sizeBytes, 0);
  const listed = nodes.length === count ? '' : `${formatCount(nodes.length)} of `;
  const size = `${listed}${formatQuantity(count, 'index', 'indexes')}, ${formatBytes(sizeBytes)}`;
  return `Database ${database} on ${server}, PostgreSQL ${serverVersion}: ${size}`;
}

const listFindings = (nodes: readonly IndexNode[]) =>
  flattenIndexTree(nodes).flatMap(({ findings }) => findings.map(({ message, fix }) => ({ message, fix })));

const listNotChecked = (outcomes: readonly RuleOutcome[]) =>
  outcomes.flatMap((outcome) => {
    const text = describeNotChecked(outcome);
    const title = indexRules[outcome.ruleId];
    return text === null || title === undefined ? [] : [`${title}: ${text}`];
  });

/** `nodes` are what `filter` chose from `count` indexes; `highlight` marks headings where colours are shown. */
export function formatIndexesText(
  nodes: readonly IndexNode[],
  count: number,
  filter: string,
  outcomes: readonly RuleOutcome[],
  origin: CaptureOrigin,
  highlight: (text: string) => string,
): string {
  const rows = toRows(nodes, 0, (name, depth) => `${'  '.repeat(depth)}${toOneLine(name)}`, toOneLine);
  const [titles = '', ...lines] = formatTextTable(columns, rows);
  const section = (title: string, texts: readonly string[]) =>
    texts.length === 0 ? [] : [[highlight(title), ...texts].join('\n')];
  const blocks = [
    toOneLine(describeOrigin(nodes, count, origin)),
    ...(rows.length === 0
      ? [toOneLine(describeNothing(count, filter, 'index', 'indexes'))]
      : [[highlight(titles), ...lines].join('\n'), caveat]),
    ...section(
      'Findings',
      listFindings(nodes).flatMap(({ message, fix }) => [
        `  ${toOneLine(message)}`,
        ...(fix === undefined ? [] : [`    ${toOneLine(fix.sql)}`]),
      ]),
    ),
    ...section(
      'Not checked',
      listNotChecked(outcomes).map((text) => `  ${toOneLine(text)}`),
    ),
  ];
  return `${blocks.join('\n\n')}\n`;
}

export function formatIndexesMarkdown(
  nodes: readonly IndexNode[],
  count: number,
  filter: string,
  outcomes: readonly RuleOutcome[],
  origin: CaptureOrigin,
): string {
  const rows = toRows(
    nodes,
    0,
    (name, depth) => `${'&nbsp;&nbsp;'.repeat(depth)}${escapeMarkdown(name)}`,
    escapeMarkdown,
  );
  const section = (title: string, texts: readonly string[]) =>
    texts.length === 0 ? [] : [`## ${title}`, texts.map((text) => `- ${escapeMarkdown(text)}`).join('\n')];
  const blocks = [
    `# ${escapeMarkdown(describeOrigin(nodes, count, origin))}`,
    ...(rows.length === 0
      ? [escapeMarkdown(describeNothing(count, filter, 'index', 'indexes'))]
      : [formatMarkdownTable(columns, rows).join('\n'), caveat]),
    ...section(
      'Findings',
      listFindings(nodes).map(({ message }) => message),
    ),
    ...section('Not checked', listNotChecked(outcomes)),
  ];
  return `${blocks.join('\n\n')}\n`;
}
