// The plan as Markdown, for an issue or a chat: a table and the findings.
import type { Finding } from '../finding';
import type { Plan } from '../plan/plan';
import { inReadingOrder, nodeConditions, nodeLabel, toPlanTree } from '../plan/plan-tree';
import { formatCompactCount, formatMs, formatValue } from './numbers';
import { escapeMarkdown } from './text-table';
import { formatActualRows, formatEstimate, formatSelfBuffers, formatTimes, subplanLabel } from './plan-cells';

/** Deeper than this a table's cell would hold nothing but indentation. */
const deepestIndent = 40;

/** Code that may hold backquotes itself, on one line, and fit for a table's cell. */
function code(text: string, inTable: boolean): string {
  const line = text.replace(/\s+/g, ' ');
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = longest > 0 ? ' ' : '';
  return `${fence}${space}${inTable ? line.replaceAll('|', '\\|') : line}${space}${fence}`;
}

export function formatPlanMarkdown(plan: Plan, findings: readonly Finding[]): string {
  const tree = toPlanTree(plan);
  const analyzed = plan.nodes.some(({ loops }) => loops !== null);
  const header = analyzed
    ? ['node', 'self', 'rows', 'planned', 'estimate', 'loops', 'buffers', 'condition']
    : ['node', 'cost', 'rows', 'condition'];
  const rows = inReadingOrder(tree).map((node) => {
    const subplan = subplanLabel(node);
    const depth = Math.min(tree.depths[node.id] ?? 0, deepestIndent);
    const label = `${'&nbsp;&nbsp;'.repeat(depth)}${escapeMarkdown(`${subplan === null ? '' : `${subplan}: `}${nodeLabel(node)}`)}`;
    const conditions = nodeConditions(node)
      .map(([name, text]) => `${escapeMarkdown(name)} ${code(text, true)}`)
      .join('; ');
    const figures = analyzed
      ? [
          formatMs(node.selfMs),
          formatActualRows(node),
          formatCompactCount(node.plannedRows),
          formatEstimate(node),
          formatCompactCount(node.loops),
          formatSelfBuffers(node),
        ]
      : [formatCompactCount(node.totalCost), formatCompactCount(node.plannedRows)];
    return [label, ...figures.map((figure) => escapeMarkdown(figure)), conditions];
  });
  const toRow = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const alignment = header.map((title) => (title === 'node' || title === 'condition' ? '---' : '---:'));
  const said = findings.flatMap((finding, index) => [
    `${index + 1}. **${finding.severity}** ${escapeMarkdown(finding.message)}${finding.advice === undefined ? '' : ` ${escapeMarkdown(finding.advice)}`}`,
    ...finding.evidence.map(
      ({ label, value, unit }) => `   - ${escapeMarkdown(`${label}: ${formatValue(value, unit)}`)}`,
    ),
    ...(finding.fix === undefined ? [] : [`   - ${code(finding.fix.sql, false)}`]),
  ]);
  return [
    escapeMarkdown(formatTimes(plan)),
    '',
    toRow(header),
    toRow(alignment),
    ...rows.map(toRow),
    '',
    ...(findings.length === 0 ? ['Nothing stands out.'] : said),
    '',
  ].join('\n');
}
