// The columns of the plan's tree: what their cells say, and the room they take.
import {
  formatBlocks,
  formatCompactCount,
  formatCount,
  formatFactor,
  formatMs,
  formatQuantity,
  formatRatio,
  missing,
} from '../../analysis/format/numbers';
import { areRowsRounded } from '../../analysis/format/plan-cells';
import type { Plan, PlanNode } from '../../analysis/plan/plan';
import { measureSelfCosts } from '../../analysis/plan/plan-tree';

export interface Cell {
  text: string;
  /** The same in full, with its unit and what it means. */
  title: string;
  /** 0 to 1 of the largest in the column; draws a bar. */
  bar?: number;
  /** Draws a badge: how much it should be noticed. */
  badge?: 'none' | 'notable' | 'large';
  direction?: 'over' | 'under';
}

export interface Column {
  id: string;
  label: string;
  title: string;
  widthPx: number;
  cell: (node: PlanNode) => Cell;
}

/** What the first column, the node itself, has in any case. */
const nodeColumnMinPx = 230;
/** And what it may take for names that need it, as a share of the whole: figures are what a plan is looked at for. */
const nodeColumnMostRatio = 0.42;
/** Counts with more digits are written with a unit; the title has them in full. */
const longestFullCount = 999_999;
/** From where a wrong estimate stands out: the planner's choices turn at a few times, badly at ten times or more. */
const notableFactor = 2;
const largeFactor = 10;
/** Fewer rows than this are not worth a colour, however wrong they were planned: nothing much hangs on them. */
const fewRows = 100;

const never: Cell = { text: missing, title: 'Never executed' };
const unknown: Cell = { text: missing, title: 'Not measured' };

function toCount(value: number | null, title: (full: string) => string, sign = ''): Cell {
  if (value === null) return unknown;
  const text = Math.abs(value) > longestFullCount ? formatCompactCount(value) : formatCount(value);
  return { text: `${sign}${text}`, title: title(`${sign}${formatCount(value)}`) };
}

/** The number alone: the unit is in the header. Costs keep PostgreSQL's two decimals. */
function formatCost(cost: number | null): string {
  if (cost === null) return missing;
  return cost.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function shareOf(value: number | null, whole: number): number {
  return value === null || whole <= 0 ? 0 : Math.min(1, value / whole);
}

function perLoops(node: PlanNode, rows: number | null): string {
  if (rows === null || node.loops === null || node.loops === 1) return '';
  return `; about ${formatQuantity(Math.round(rows * node.loops), 'row')} in ${formatQuantity(node.loops, 'loop')}`;
}

/** A factor that is written as 1× has no direction. */
const asPlannedBelow = 1.05;

function isAsPlanned({ estimateFactor, estimateDirection }: PlanNode): boolean {
  return estimateDirection === 'exact' || (estimateFactor !== null && estimateFactor < asPlannedBelow);
}

/** Below a Gather the factor is not just one row count by the other. */
function isScaled({ plannedRows, actualRows, estimateFactor }: PlanNode): boolean {
  if (plannedRows === null || actualRows === null || estimateFactor === null) return false;
  const planned = Math.max(1, plannedRows);
  const actual = Math.max(1, actualRows);
  return Math.abs(Math.max(planned / actual, actual / planned) / estimateFactor - 1) > 0.01;
}

/** A sentence on the estimate, for the badge's title and for the details. */
export function describeEstimate(node: PlanNode): string {
  if (node.neverExecuted) return 'Never executed, so the estimate was not put to the test.';
  if (node.actualRows === null)
    return 'Only planned: run EXPLAIN ANALYZE to compare the estimate with the rows that come.';
  const counts = `${formatQuantity(node.plannedRows, 'row')} planned, ${formatCount(node.actualRows)} came`;
  const each = node.loops !== null && node.loops > 1 ? ' on average in each loop' : '';
  if (node.estimateFactor === null) {
    const why = node.stoppedEarly
      ? 'it may have been stopped before its end, so fewer rows say nothing about the estimate'
      : 'the row count of this node type is no estimate';
    return `${counts}${each}. Not compared: ${why}.`;
  }
  const scaled = isScaled(node) ? ', by the share that each parallel process was expected to do' : '';
  if (isAsPlanned(node)) return `${counts}${each}: as planned${scaled}.`;
  const factor = formatFactor(node.estimateFactor);
  return node.estimateDirection === 'under'
    ? `${counts}${each}: ${factor} as many as planned${scaled}.`
    : `${counts}${each}: planned ${factor} too many${scaled}.`;
}

function factorCell(node: PlanNode): Cell {
  const { estimateFactor: factor, estimateDirection: direction } = node;
  if (node.neverExecuted) return never;
  if (factor === null) return { text: missing, title: describeEstimate(node) };
  const rows = Math.max(node.plannedRows ?? 0, node.actualRows ?? 0) * (node.loops ?? 1);
  const badge = rows < fewRows || factor < notableFactor ? 'none' : factor < largeFactor ? 'notable' : 'large';
  return {
    text: formatFactor(factor),
    title: describeEstimate(node),
    badge,
    ...(isAsPlanned(node) || direction === null || direction === 'exact' ? {} : { direction }),
  };
}

/** All columns that this plan has figures for. */
export function toColumns(plan: Plan): Column[] {
  const { nodes } = plan;
  const analyzed = nodes.some(({ loops }) => loops !== null);
  const timed = nodes.some(({ selfMs }) => selfMs !== null);
  const buffers = nodes.some(({ selfBuffers }) => selfBuffers !== null);
  const wholeMs = plan.executionMs ?? nodes.reduce((sum, { selfMs }) => sum + (selfMs ?? 0), 0);
  const maxSelfMs = Math.max(0, ...nodes.map(({ selfMs }) => selfMs ?? 0));
  const selfCosts = measureSelfCosts(nodes);
  const maxSelfCost = Math.max(0, ...selfCosts);
  const rowsLabel = nodes.some((node) => (node.loops ?? 1) > 1) ? 'Rows/loop' : 'Rows';

  const self: Column = {
    id: 'self',
    label: 'Self time',
    title: 'Time in this node without its children, as a share of the elapsed time',
    widthPx: 132,
    cell: (node) => {
      if (node.neverExecuted) return { text: 'never executed', title: 'This node was planned and never executed' };
      if (node.selfMs === null) return unknown;
      const share = `${formatRatio(shareOf(node.selfMs, wholeMs))} of the execution time`;
      return {
        text: formatMs(node.selfMs),
        title: `${formatMs(node.selfMs)} in this node itself: ${share}`,
        bar: shareOf(node.selfMs, maxSelfMs),
      };
    },
  };
  const total: Column = {
    id: 'total',
    label: 'Total time',
    title: 'Time in this node and its children',
    widthPx: 88,
    cell: (node) => {
      if (node.neverExecuted) return never;
      if (node.totalMs === null) return unknown;
      const share = `${formatRatio(shareOf(node.totalMs, wholeMs))} of the execution time`;
      return { text: formatMs(node.totalMs), title: `${formatMs(node.totalMs)} with its children: ${share}` };
    },
  };
  const rows: Column = {
    id: 'rows',
    label: rowsLabel,
    title: 'Rows that came, on average in each loop',
    widthPx: rowsLabel === 'Rows' ? 72 : 90,
    cell: (node) =>
      node.neverExecuted
        ? never
        : toCount(
            node.actualRows,
            (full) => `${full} rows in each loop${perLoops(node, node.actualRows)}`,
            areRowsRounded(node) ? '~' : '',
          ),
  };
  const planned: Column = {
    id: 'planned',
    label: analyzed ? 'Planned' : 'Planned rows',
    title: 'Rows the planner expected in each loop',
    widthPx: analyzed ? 76 : 116,
    cell: (node) => toCount(node.plannedRows, (full) => `${full} rows expected in each loop`),
  };
  const factor: Column = {
    id: 'factor',
    label: 'Estimate',
    title: 'How many times more (↑) or fewer (↓) rows came than planned',
    widthPx: 80,
    cell: factorCell,
  };
  const loops: Column = {
    id: 'loops',
    label: 'Loops',
    title: 'How often the node was run, by all processes together',
    widthPx: 64,
    cell: (node) => (node.neverExecuted ? never : toCount(node.loops, (full) => `${full} loops`)),
  };
  const hit: Column = {
    id: 'hit',
    label: 'Own hit',
    title: 'Blocks this node itself found in the buffer cache, over all loops',
    widthPx: 72,
    cell: (node) => blocksCell(node, 'Hit', 'found in the cache'),
  };
  const read: Column = {
    id: 'read',
    label: 'Own read',
    title: 'Blocks this node itself read from outside the buffer cache, over all loops',
    widthPx: 86,
    cell: (node) => blocksCell(node, 'Read', 'read from outside the cache'),
  };
  const cost: Column = {
    id: 'cost',
    label: 'Total cost',
    title: "The planner's cost of this node with its children, in its own unit",
    widthPx: 96,
    cell: ({ totalCost }) => ({
      text: formatCost(totalCost),
      title: `Cost ${formatCost(totalCost)} until the last row, with its children`,
    }),
  };
  const selfCost: Column = {
    id: 'self-cost',
    label: 'Self cost',
    title:
      "The planner's cost of this node without its children, in its own unit; below a LIMIT only the part that is expected to be read",
    widthPx: 140,
    cell: ({ id, totalCost }) => {
      const own = totalCost === null ? null : (selfCosts[id] ?? null);
      return {
        text: formatCost(own),
        title: `Cost ${formatCost(own)} of this node itself`,
        bar: shareOf(own, maxSelfCost),
      };
    },
  };
  const startup: Column = {
    id: 'startup',
    label: 'Startup cost',
    title: "The planner's cost until the first row",
    widthPx: 108,
    cell: ({ startupCost }) => ({
      text: formatCost(startupCost),
      title: `Cost ${formatCost(startupCost)} until the first row`,
    }),
  };
  const width: Column = {
    id: 'width',
    label: 'Width',
    title: 'Average bytes of a row, as planned',
    widthPx: 64,
    cell: ({ plannedWidth }) => toCount(plannedWidth, (full) => `${full} bytes a row`),
  };

  const columns = [...(timed ? [self, total] : [selfCost, cost, ...(analyzed ? [] : [startup])])];
  columns.push(...(analyzed ? [rows, planned, factor, loops] : [planned, width]));
  if (analyzed && buffers) columns.push(hit, read);
  return columns;
}

function blocksCell(node: PlanNode, kind: 'Hit' | 'Read', what: string): Cell {
  if (node.neverExecuted) return never;
  const { selfBuffers: own, totalBuffers: all } = node;
  if (own === null) return unknown;
  const ownBlocks = own[`shared${kind}`] + own[`local${kind}`];
  const allBlocks = all === null ? null : all[`shared${kind}`] + all[`local${kind}`];
  const withChildren = allBlocks === null ? '' : `; with its children ${formatBlocks(allBlocks)}`;
  return toCount(ownBlocks, () => `${formatBlocks(ownBlocks)} ${what} by this node itself${withChildren}`);
}

/** The room of the node's own column, whose longest name is so wide. Where the others do not fit beside it, they scroll. */
export function chooseNodePx(columns: readonly Column[], availablePx: number, longestNamePx: number): number {
  const leftPx = columns.reduce((left, { widthPx }) => left - widthPx, availablePx);
  const wantedPx = Math.min(longestNamePx, Math.max(leftPx, availablePx * nodeColumnMostRatio));
  return Math.round(Math.max(nodeColumnMinPx, wantedPx));
}
