// Everything the server printed for a node, in groups, with units where the field's name tells them.
import {
  formatBlocks,
  formatBytes,
  formatCount,
  formatMs,
  formatQuantity,
  missing,
} from '../../analysis/format/numbers';
import type { PlanNode } from '../../analysis/plan/plan';

export interface FieldLine {
  label: string;
  value: string;
  /** A figure of 0 or a no: written fainter. */
  isNothing: boolean;
  /** An expression: shown in the editor's font, and wrapped. */
  isCode: boolean;
}

export interface FieldGroup {
  id: 'conditions' | 'timing' | 'rows' | 'buffers' | 'parallel' | 'other';
  title: string;
  lines: FieldLine[];
}

const titles: Record<FieldGroup['id'], string> = {
  conditions: 'Conditions and Keys',
  timing: 'Time and Cost',
  rows: 'Rows',
  buffers: 'Buffers and I/O, with Children',
  parallel: 'Parallel Workers',
  other: 'Other',
};

/** Which group a printed field belongs to; the first pattern that fits decides. */
const patterns: readonly (readonly [FieldGroup['id'], RegExp])[] = [
  ['buffers', /Blocks$|^(?:(?:Shared|Local|Temp) )?I\/O |^WAL /],
  [
    'rows',
    /^Rows Removed|^(?:Plan|Actual) Rows$|^Plan Width$|^(?:Tuples|Conflicting Tuples)|^Tuples? |^Heap Fetches$|^Index Searches$/,
  ],
  ['parallel', /^Workers? (?:Planned|Launched)$|^Single Copy$|^Partial Mode$/],
  ['timing', /Time$|Cost$|^Actual Loops$/],
  ['conditions', /Cond$|Filter$|Key$|Keys$|^Order By$|^Function Call$|^Run Condition$|^Window$|^Grouping Sets?$/],
];

/** Shown elsewhere: as the node's name, or as rows of their own. */
const shownElsewhere: ReadonlySet<string> = new Set(['Node Type', 'Workers', 'Parent Relationship', 'Subplan Name']);

const kilobytes = /(?:Memory Usage|Memory|Space Used|Disk Usage|Average Sort Space Used|Peak Sort Space Used)$/;

/** Figures of a field, by what its name says they are. */
export function formatField(name: string, value: unknown): string {
  if (value === null || value === undefined) return missing;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    // no count: its digits are looked for in pg_stat_statements
    if (name === 'Query Identifier') return String(value);
    // most figures of a node are 0: without a unit the others stand out
    if (value === 0) return '0';
    if (name.endsWith('Time')) return formatMs(value);
    if (name.endsWith('Blocks')) return formatBlocks(value);
    if (name.endsWith('Cost')) return value.toFixed(2);
    if (name.endsWith('Bytes')) return formatBytes(value);
    if (name === 'Plan Width') return formatQuantity(value, 'byte');
    if (kilobytes.test(name)) return formatBytes(value * 1024);
    return formatCount(value);
  }
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(', ');
  return JSON.stringify(value, null, 1);
}

/** One field as a line. */
export function toLine(name: string, value: unknown): FieldLine {
  return {
    label: name,
    value: formatField(name, value),
    isNothing: value === 0 || value === false,
    isCode: name === 'Output' || (typeof value === 'object' && value !== null),
  };
}

/** The figures of an object that the server prints for the statement ("Planning", "JIT"), but for those that are 0. */
export function toObjectLines(object: Record<string, unknown>, unit: 'ms' | null = null): FieldLine[] {
  return Object.entries(object).flatMap(([name, value]): FieldLine[] => {
    if (value === 0) return [];
    if (unit === 'ms' && typeof value === 'number') return [{ ...toLine(name, value), value: formatMs(value) }];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      // JIT's times have names without the word
      const below = toObjectLines(value as Record<string, unknown>, name === 'Timing' ? 'ms' : unit);
      return below.map((line) => ({
        ...line,
        label: `${name}: ${line.label}`,
      }));
    }
    return [toLine(name, value)];
  });
}

/** Grouped in the order the server printed them; empty groups are left out. */
export function toFieldGroups(node: PlanNode): FieldGroup[] {
  const groups = new Map<FieldGroup['id'], FieldLine[]>();
  const add = (id: FieldGroup['id'], line: FieldLine) => groups.set(id, [...(groups.get(id) ?? []), line]);
  if (node.selfMs !== null && !node.neverExecuted) {
    add('timing', toLine('Self Time', node.selfMs));
    add('timing', toLine('Total Time', node.totalMs));
    if (node.participants > 1) {
      add('timing', toLine('Processes', node.participants));
    }
  }
  for (const [name, value] of Object.entries(node.fields)) {
    if (shownElsewhere.has(name)) continue;
    const id = patterns.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
    // the server prints nodes' times for one loop
    const label = /^Actual (?:Startup|Total) Time$/.test(name) && node.loops !== 1 ? `${name} per Loop` : name;
    add(id, { ...toLine(name, value), label, ...(id === 'conditions' ? { isCode: true } : {}) });
  }
  return (Object.keys(titles) as FieldGroup['id'][]).flatMap((id) => {
    const lines = groups.get(id);
    return lines === undefined ? [] : [{ id, title: titles[id], lines }];
  });
}

export interface WorkerTable {
  columns: string[];
  rows: string[][];
}

/** What each worker did, as far as printed: one row a worker, one column a figure that any of them has. */
export function toWorkerTable(node: PlanNode): WorkerTable | null {
  const printed = node.fields['Workers'];
  if (!Array.isArray(printed)) return null;
  const workers = printed.filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null);
  if (workers.length === 0) return null;
  const names = [...new Set(workers.flatMap((worker) => Object.keys(worker)))].filter(
    // a worker's blocks are printed even where it touched none
    (name) => !name.endsWith('Blocks') || workers.some((worker) => worker[name] !== 0),
  );
  const columns = names.sort((a, b) => Number(b === 'Worker Number') - Number(a === 'Worker Number'));
  return {
    columns: columns.map((name) => (name === 'Worker Number' ? 'Worker' : name.replace(/^Actual /, ''))),
    rows: workers.map((worker) => columns.map((name) => toShortField(name, worker[name]))),
  };
}

/** Without the bytes that blocks make, which would widen every column. */
function toShortField(name: string, value: unknown): string {
  return name.endsWith('Blocks') && typeof value === 'number' ? formatCount(value) : formatField(name, value);
}
