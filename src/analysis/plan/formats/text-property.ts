// A line below a node in EXPLAIN's text format, as the fields that its JSON has: most are "Name: value", some hold several
// figures ("Sort Method: quicksort  Memory: 25kB", "Buffers: shared hit=1 read=2"). What is not known is kept under its name.
import { toNumber, toScalar } from './scalar';
import type { PlanFields } from './plan-source';
import { splitSqlList } from './sql-scan';

export interface Property {
  name: string;
  value: string;
}

const property = /^([^\s:"'([][^:"']*?):(?: +(.*))?$/s;

/** Null for what is no "Name: value". */
export function splitProperty(text: string): Property | null {
  const [, name, value = ''] = property.exec(text) ?? [];
  return name === undefined ? null : { name, value };
}

/** Fields that are lists in JSON. */
const lists: ReadonlySet<string> = new Set([
  'Output',
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Params Evaluated',
  'Conflict Arbiter Indexes',
]);

/** Their values are SQL, which may go on in the next line and has its brackets in pairs. */
const expressions: ReadonlySet<string> = new Set([
  ...lists,
  'Cache Key',
  'Conflict Filter',
  'Filter',
  'Function Call',
  'Hash Cond',
  'Hash Key',
  'Index Cond',
  'Join Filter',
  'Merge Cond',
  'One-Time Filter',
  'Order By',
  'Recheck Cond',
  'Run Condition',
  'TID Cond',
  'Table Function Call',
]);

export const isExpression = (name: string) => expressions.has(name);

/** "Batches: 1  Memory Usage: 9kB": the further figures of a line, by name. */
function splitFigures(name: string, value: string): Map<string, string> {
  const figures = new Map<string, string>();
  for (const piece of `${name}: ${value}`.split(/ {2,}(?=[A-Z])/)) {
    const colon = piece.indexOf(': ');
    if (colon > 0) figures.set(piece.slice(0, colon), piece.slice(colon + 2));
  }
  return figures;
}

/** "1024 (originally 512)" and "25kB" as figures. */
function toFigure(text: string): number | string {
  const [, digits] = /^(-?\d+(?:\.\d+)?)(?:\D.*)?$/s.exec(text) ?? [];
  return digits === undefined ? text : toNumber(digits);
}

/** "hit=1 read=2" as pairs. */
function* assignments(text: string): Generator<[name: string, figure: number | string]> {
  for (const [, name = '', figure = ''] of text.matchAll(/([a-z][a-z ]*)=(\S+?)(?=[\s,]|$)/g)) {
    yield [name.trim(), toFigure(figure)];
  }
}

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** "shared hit=1 read=2, temp read=3" */
function readBuffers(value: string, into: PlanFields): void {
  for (const part of value.split(', ')) {
    const [, kind = '', figures = ''] = /^(shared|local|temp) (.*)$/.exec(part) ?? [];
    for (const [name, figure] of assignments(figures)) {
      into[`${capitalized(kind)} ${capitalized(name)} Blocks`] = figure;
    }
  }
}

/** "read=1.0" up to 14, "shared/local read=1.0, temp write=2.0" in 15 and 16, "shared read=1.0, local ..." from 17. */
function readTimings(value: string, into: PlanFields): void {
  for (const part of value.split(', ')) {
    const [, kind = '', figures = ''] = /^(?:(shared\/local|shared|local|temp) )?(.*)$/.exec(part) ?? [];
    const prefix = kind === '' || kind === 'shared/local' ? '' : `${capitalized(kind)} `;
    for (const [name, figure] of assignments(figures)) into[`${prefix}I/O ${capitalized(name)} Time`] = figure;
  }
}

const walFigures: Readonly<Record<string, string>> = {
  records: 'WAL Records',
  fpi: 'WAL FPI',
  bytes: 'WAL Bytes',
  'buffers full': 'WAL Buffers Full',
};

/** By the name that begins the line: what its figures are called in JSON. */
const figureNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Buckets: { Buckets: 'Hash Buckets', Batches: 'Hash Batches', 'Memory Usage': 'Peak Memory Usage' },
  Batches: { Batches: 'HashAgg Batches', 'Memory Usage': 'Peak Memory Usage', 'Disk Usage': 'Disk Usage' },
  Hits: {
    Hits: 'Cache Hits',
    Misses: 'Cache Misses',
    Evictions: 'Cache Evictions',
    Overflows: 'Cache Overflows',
    'Memory Usage': 'Peak Memory Usage',
  },
  Storage: { 'Maximum Storage': 'Maximum Storage' },
};

function readFigures(names: Readonly<Record<string, string>>, { name, value }: Property, into: PlanFields): void {
  for (const [figure, text] of splitFigures(name, value)) into[names[figure] ?? figure] = toFigure(text);
}

/** An incremental sort's groups: "360  Sort Methods: quicksort, top-N heapsort  Average Memory: 34kB  Peak Memory: 34kB". */
function readSortGroups({ name, value }: Property): PlanFields {
  const figures = splitFigures(name, value);
  const methods = figures.get('Sort Method') ?? figures.get('Sort Methods') ?? '';
  const groups: PlanFields = {
    'Group Count': toFigure(figures.get(name) ?? ''),
    'Sort Methods Used': methods.split(', '),
  };
  for (const kind of ['Memory', 'Disk']) {
    const peak = figures.get(`Peak ${kind}`);
    if (peak === undefined) continue;
    groups[`Sort Space ${kind}`] = {
      'Average Sort Space Used': toFigure(figures.get(`Average ${kind}`) ?? ''),
      'Peak Sort Space Used': toFigure(peak),
    };
  }
  return groups;
}

/** "system ('20'::real) REPEATABLE ('7'::double precision)" */
function readSampling(value: string, into: PlanFields): void {
  const [, method = value, parameters, seed] = /^(\S+) \((.*?)\)(?: REPEATABLE \((.*)\))?$/s.exec(value) ?? [];
  into['Sampling Method'] = method;
  if (parameters !== undefined) into['Sampling Parameters'] = parameters === '' ? [] : splitSqlList(parameters);
  if (seed !== undefined) into['Repeatable Seed'] = seed;
}

/** "Generation 1.4 ms (Deform 0.2 ms), Inlining 0.0 ms, Total 3.1 ms" */
function readJitTiming(value: string): PlanFields {
  const timing: PlanFields = {};
  for (const [, name = '', ms, deform] of value.matchAll(/([A-Z]\w+) (-?[\d.]+) ms(?: \(Deform (-?[\d.]+) ms\))?/g)) {
    timing[name] = deform === undefined ? Number(ms) : { Deform: Number(deform), Total: Number(ms) };
  }
  return timing;
}

/** What one process did: "actual time=0.017..2.467 rows=20008.00 loops=1". */
const workerActual = /^actual (?:time=(-?\d+\.\d+)\.\.(-?\d+\.\d+) )?rows=(\d+(?:\.\d+)?) loops=(\d+)$/;

/** False when the line does not hold a process's figures. */
export function readWorkerActual(text: string, into: PlanFields): boolean {
  const [, first, last, rows, loops] = workerActual.exec(text) ?? [];
  if (rows === undefined) return false;
  if (first !== undefined) {
    into['Actual Startup Time'] = Number(first);
    into['Actual Total Time'] = Number(last);
  }
  into['Actual Rows'] = Number(rows);
  into['Actual Loops'] = Number(loops);
  return true;
}

/** Puts what a line says into the fields of what it is printed for. */
export function readProperty(line: Property, into: PlanFields): void {
  const { name, value } = line;
  const names = figureNames[name];
  if (lists.has(name)) into[name] = splitSqlList(value);
  else if (name === 'Buffers') readBuffers(value, into);
  else if (name === 'I/O Timings') readTimings(value, into);
  else if (name === 'WAL')
    for (const [figure, amount] of assignments(value)) into[walFigures[figure] ?? `WAL ${figure}`] = amount;
  else if (name === 'Sort Method') {
    const figures = splitFigures(name, value);
    into[name] = figures.get(name);
    for (const kind of ['Memory', 'Disk']) {
      const space = figures.get(kind);
      if (space === undefined) continue;
      into['Sort Space Used'] = toFigure(space);
      into['Sort Space Type'] = kind;
    }
  } else if (name === 'Full-sort Groups' || name === 'Pre-sorted Groups') into[name] = readSortGroups(line);
  else if (name === 'Planned Partitions') {
    // alone without ANALYZE, else before the batches
    const [partitions = '', ...batches] = value.split(/ {2,}/);
    into[name] = toFigure(partitions);
    const rest = splitProperty(batches.join('  '));
    if (rest !== null) readFigures(figureNames['Batches'] ?? {}, rest, into);
  } else if (names !== undefined) {
    readFigures(names, line, into);
    for (const hash of name === 'Buckets' ? ['Buckets', 'Batches'] : []) {
      const text = splitFigures(name, value).get(hash) ?? '';
      const [, original] = /\(originally (\d+)\)/.exec(text) ?? [];
      into[`Original Hash ${hash}`] = original === undefined ? into[`Hash ${hash}`] : Number(original);
    }
  } else if (name === 'Heap Blocks') {
    into['Exact Heap Blocks'] = 0;
    into['Lossy Heap Blocks'] = 0;
    for (const [kind, blocks] of assignments(value)) into[`${capitalized(kind)} Heap Blocks`] = blocks;
  } else if (name === 'Tuples') {
    for (const [kind, rows] of assignments(value)) into[`Tuples ${capitalized(kind)}`] = rows;
  } else if (name === 'Memory') {
    for (const [kind, size] of assignments(value)) into[`Memory ${capitalized(kind)}`] = size;
  } else if (name === 'Sampling') readSampling(value, into);
  else if (name === 'Options' && /^\w+ (?:true|false)/.test(value)) {
    into[name] = Object.fromEntries(
      value.split(', ').map((option) => [option.replace(/ \w+$/, ''), option.endsWith(' true')]),
    );
  } else if (name === 'Timing') into[name] = readJitTiming(value);
  else into[name] = toScalar(name, value);
}

/** "work_mem = '64kB', search_path = 'a, b'" */
export function readSettings(value: string): PlanFields {
  return Object.fromEntries(
    splitSqlList(value).map((setting) => {
      const [, name = setting, text = ''] = /^(\S+) = '(.*)'$/s.exec(setting) ?? [];
      return [name, text.replaceAll("''", "'")];
    }),
  );
}

/** "time=0.1 ms  output=10kB  format=text" */
export function readSerialization(value: string): PlanFields {
  const [, ms] = /time=(-?[\d.]+) ms/.exec(value) ?? [];
  const [, output] = /output=(\d+)kB/.exec(value) ?? [];
  const [, format] = /format=(\w+)/.exec(value) ?? [];
  return {
    ...(ms === undefined ? {} : { Time: Number(ms) }),
    'Output Volume': Number(output ?? 0),
    Format: format ?? '',
  };
}

const trigger =
  /^Trigger(?: (.*?))??(?: for constraint (.+?))?(?: on (.+?))?: (?:time=(-?[\d.]+) )?calls=(\d+(?:\.\d+)?)$/;

/** "Trigger RI_ConstraintTrigger_a_1 for constraint fk on orders: time=1.0 calls=3"; null for what is none. */
export function readTrigger(text: string): PlanFields | null {
  const [, name, constraint, relation, ms, calls] = trigger.exec(text) ?? [];
  if (calls === undefined) return null;
  return {
    ...(name === undefined ? {} : { 'Trigger Name': name }),
    ...(constraint === undefined ? {} : { 'Constraint Name': constraint }),
    ...(relation === undefined ? {} : { Relation: relation }),
    ...(ms === undefined ? {} : { Time: Number(ms) }),
    Calls: Number(calls),
  };
}
