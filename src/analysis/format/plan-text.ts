// The plan as a terminal shows it: a tree with aligned figures, findings below. Fits the width: columns go before labels
// are cut, and a plan deeper than the terminal is wide keeps its figures.
import type { Finding } from '../finding';
import type { Plan, PlanNode } from '../plan/plan';
import { inReadingOrder, nodeConditions, nodeLabel, selfRatio, toPlanTree, type PlanTree } from '../plan/plan-tree';
import {
  formatActualRows,
  formatEstimate,
  formatRowsRemoved,
  formatSelfBuffers,
  formatTimes,
  subplanLabel,
} from './plan-cells';
import { formatCompactCount, formatMs, formatRatio, formatValue, missing } from './numbers';

export interface PlanTextOptions {
  /** Characters per line; null when the output is no terminal: nothing is cut or left out. */
  width: number | null;
}

interface Column {
  title: string;
  cell: (node: PlanNode, tree: PlanTree) => string;
  /** The higher, the sooner it is left out of a narrow terminal. */
  spare: number;
}

const minLabelWidth = 34;
const gap = '  ';

const analyzedColumns: readonly Column[] = [
  { title: 'self', cell: (node) => formatMs(node.selfMs), spare: 0 },
  {
    title: 'share',
    cell: (node, tree) => (node.selfMs === null ? missing : formatRatio(selfRatio(tree, node))),
    spare: 2,
  },
  { title: 'total', cell: (node) => formatMs(node.totalMs), spare: 5 },
  { title: 'rows', cell: (node) => formatActualRows(node), spare: 0 },
  { title: 'planned', cell: (node) => formatCompactCount(node.plannedRows), spare: 1 },
  { title: 'estimate', cell: (node) => formatEstimate(node), spare: 1 },
  { title: 'removed', cell: (node) => (node.rowsRemoved === null ? '' : formatRowsRemoved(node)), spare: 4 },
  { title: 'loops', cell: (node) => formatCompactCount(node.loops), spare: 3 },
  { title: 'buffers', cell: (node) => formatSelfBuffers(node), spare: 4 },
];

const plannedColumns: readonly Column[] = [
  { title: 'cost', cell: (node) => formatCompactCount(node.totalCost), spare: 0 },
  { title: 'rows', cell: (node) => formatCompactCount(node.plannedRows), spare: 0 },
  { title: 'width', cell: (node) => formatCompactCount(node.plannedWidth), spare: 1 },
];

function widthOf(column: Column, tree: PlanTree): number {
  return tree.plan.nodes.reduce((width, node) => Math.max(width, column.cell(node, tree).length), column.title.length);
}

/** Cuts a text in its middle of nowhere: the beginning says most. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Deepest indentation where no terminal's width sets one. */
const deepestIndent = 60;

/** Indentation that never takes more than a third of the line; deeper nodes say how deep they are. */
function indent(depth: number, width: number | null): string {
  const deepest = width === null ? deepestIndent : Math.floor(width / 6);
  return depth <= deepest ? '  '.repeat(depth) : `${'  '.repeat(Math.max(0, deepest - 4))}(${depth}) `;
}

function wrap(text: string, width: number | null, prefix: string, following: string): string[] {
  if (width === null) return [`${prefix}${text}`];
  const lines: string[] = [];
  let line = prefix;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = following;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

function formatFinding(finding: Finding, number: number, width: number | null): string[] {
  const head = `${number}. [${finding.severity}] `;
  const following = ' '.repeat(4);
  const evidence = finding.evidence.map(({ label, value, unit }) => `${label}: ${formatValue(value, unit)}`).join('; ');
  return [
    ...wrap(finding.message, width, head, following),
    ...(finding.advice === undefined ? [] : wrap(finding.advice, width, `${following}→ `, `${following}  `)),
    ...(finding.fix === undefined ? [] : [`${following}${finding.fix.sql}`]),
    ...wrap(evidence, width, following, following),
  ];
}

/** The whole plan with its findings, ending with a line break. */
export function formatPlanText(plan: Plan, findings: readonly Finding[], { width }: PlanTextOptions): string {
  const tree = toPlanTree(plan);
  const analyzed = plan.nodes.some(({ loops }) => loops !== null);
  let columns = (analyzed ? analyzedColumns : plannedColumns).map((column) => ({
    ...column,
    width: widthOf(column, tree),
  }));
  const figuresWidth = () => columns.reduce((sum, column) => sum + gap.length + column.width, 0);
  while (width !== null && figuresWidth() + minLabelWidth > width) {
    const spare = Math.max(...columns.map((column) => column.spare));
    if (spare === 0) break;
    // the last one of those that can be spared the most
    const index = columns.findLastIndex((column) => column.spare === spare);
    columns = columns.filter((_, position) => position !== index);
  }
  const found = new Map<number, number[]>();
  findings.forEach(({ subject }, index) => {
    if (subject.kind !== 'plan-node') return;
    found.set(subject.nodeId, [...(found.get(subject.nodeId) ?? []), index + 1]);
  });

  const labels = plan.nodes.map((node) => {
    const numbers = found.get(node.id);
    const subplan = subplanLabel(node);
    const marks = [
      ...(numbers === undefined ? [] : [`[${numbers.join(', ')}]`]),
      ...(node.disabled ? ['(disabled)'] : []),
    ];
    return [
      `${indent(tree.depths[node.id] ?? 0, width)}${subplan === null ? '' : `${subplan}: `}${nodeLabel(node)}`,
      ...marks,
    ].join(' ');
  });
  const wanted = labels.reduce((widest, label) => Math.max(widest, label.length), 'node'.length);
  const labelWidth = width === null ? wanted : Math.min(wanted, Math.max(minLabelWidth, width - figuresWidth()));
  const row = (label: string, cells: string[]) =>
    `${cut(label, labelWidth).padEnd(labelWidth)}${cells.map((cell, index) => `${gap}${cell.padStart(columns[index]?.width ?? 0)}`).join('')}`.trimEnd();

  const lines = [
    row(
      'node',
      columns.map(({ title }) => title),
    ),
    ...inReadingOrder(tree).flatMap((node) => {
      const prefix = indent((tree.depths[node.id] ?? 0) + 2, width);
      const details = nodeConditions(node).map(([name, text]) => `${prefix}${name}: ${text}`);
      return [
        row(
          labels[node.id] ?? '',
          columns.map((column) => column.cell(node, tree)),
        ),
        ...details.map((detail) => (width === null ? detail : cut(detail, width))),
      ];
    }),
    '',
    ...wrap(formatTimes(plan), width, '', ''),
    ...plan.triggers.flatMap(({ name, relation, calls, totalMs, insidePlan }) =>
      wrap(
        `Trigger ${name}${relation === null ? '' : ` on ${relation}`}: ${formatMs(totalMs)} in ${formatValue(calls, calls === 1 ? 'call' : 'calls')}` +
          `${insidePlan ? ' (inside the plan)' : ''}.`,
        width,
        '',
        '  ',
      ),
    ),
    ...(plan.outside.jitMs === null
      ? []
      : [`JIT compilation ${formatMs(plan.outside.jitMs)}, most of it inside nodes.`]),
    '',
    ...(findings.length === 0
      ? ['Nothing stands out.']
      : findings.flatMap((finding, index) => [...formatFinding(finding, index + 1, width), ''])),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
