// The real ends of columns that have an index. For a condition at the end of a column the planner looks up the real end in
// the index, because ANALYZE may have been long ago. PG Insight reads no rows, so it asks the planner: from how many rows it
// expects beyond the last known value follows the value that it has found.
import * as z from 'zod';
import { quoteIdentifier } from '../../../analysis/sql/identifiers';
import type { UnitOfWork } from '../../unit-of-work';
import type { CapturedColumn, CapturedDatabase, CapturedStatistics, ColumnEnds } from './captured-database';

type Captured = Pick<CapturedDatabase, 'relations' | 'columns' | 'indexes' | 'statistics'>;

const planRows = z.tuple([z.object({ 'QUERY PLAN': z.string() })]);
const planJson = z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })]);

/** Microseconds and days from 1970 to 2000, where PostgreSQL counts from. */
const epochMs = Date.UTC(2000, 0, 1);
const dayMs = 86_400_000;
/** Beyond it the rest of a bin says nothing more about how far away the end is. */
const largestOvershoot = 0.999;

interface Scale {
  widthBytes: ColumnEnds['widthBytes'];
  /** null for infinity and what Number can't hold. */
  toNumber(text: string): number | null;
  toStored(value: number): bigint;
}

function integers(widthBytes: ColumnEnds['widthBytes']): Scale {
  return {
    widthBytes,
    toNumber: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : null),
    toStored: (value) => BigInt(Math.round(value)),
  };
}

function parseTime(text: string): number | null {
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  const ms = Date.parse(/[+-]\d\d:\d\d$/.test(iso) ? iso : `${iso}${iso.includes('T') ? 'Z' : 'T00:00Z'}`);
  return Number.isNaN(ms) ? null : ms - epochMs;
}

const times: Scale = { widthBytes: 8, toNumber: parseTime, toStored: (ms) => BigInt(Math.round(ms)) * 1000n };
const days: Scale = { widthBytes: 4, toNumber: parseTime, toStored: (ms) => BigInt(Math.round(ms / dayMs)) };

function findScale({ type }: CapturedColumn): Scale | null {
  if (type.startsWith('timestamp')) return times;
  const scales: Record<string, Scale> = {
    smallint: integers(2),
    integer: integers(4),
    bigint: integers(8),
    date: days,
  };
  return scales[type] ?? null;
}

const parseArray = (text: string) =>
  text
    .slice(1, -1)
    .split(',')
    .map((part) => part.replace(/^"|"$/g, ''));

/** One short EXPLAIN for a table and two for a column, of PostgreSQL's own operators only. */
export async function captureColumnEnds(unit: UnitOfWork, captured: Captured): Promise<Map<number, ColumnEnds>> {
  const ends = new Map<number, ColumnEnds>();
  const rowsOf = new Map<number, number>();
  const known = new Map<string, ColumnEnds | null>();
  for (const index of captured.indexes) {
    if (index.method !== 'btree' || index.is_partial || index.is_partitioned || index.first_column <= 0) continue;
    const relation = captured.relations.find(({ oid }) => oid === index.relation);
    const isFirst = (each: { relation: number; number: number }) =>
      each.relation === index.relation && each.number === index.first_column;
    const column = captured.columns.find(isFirst);
    const statistics = captured.statistics.find((each) => isFirst(each) && !each.inherited);
    if (relation === undefined || column?.may_select !== true || statistics === undefined) continue;
    const scale = findScale(column);
    const key = `${index.relation} ${index.first_column}`;
    if (scale !== null && !known.has(key)) {
      const from = `FROM ONLY ${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.name)}`;
      const estimate = (condition: string) => estimateRows(unit, `SELECT ${from}${condition}`);
      const rows = rowsOf.get(relation.oid) ?? (await estimate(''));
      rowsOf.set(relation.oid, rows);
      const name = quoteIdentifier(column.name);
      known.set(
        key,
        await findEnds(scale, statistics, rows, (operator, value) =>
          estimate(` WHERE ${name} OPERATOR(pg_catalog.${operator}) '${value}'`),
        ),
      );
    }
    const found = known.get(key);
    if (found !== undefined && found !== null) ends.set(index.oid, found);
  }
  return ends;
}

async function findEnds(
  scale: Scale,
  statistics: CapturedStatistics,
  rows: number,
  estimate: (operator: '<' | '>', value: string) => Promise<number>,
): Promise<ColumnEnds | null> {
  const bounds = statistics.histogram_bounds === null ? [] : parseArray(statistics.histogram_bounds);
  const [first, second] = bounds;
  const [beforeLast, last] = bounds.slice(-2);
  // the planner asks the index only where there is more than one bin
  if (
    bounds.length < 3 ||
    first === undefined ||
    second === undefined ||
    beforeLast === undefined ||
    last === undefined
  ) {
    return null;
  }
  const common = (statistics.most_common_vals === null ? [] : parseArray(statistics.most_common_vals)).map(
    (value, at) => ({
      value: scale.toNumber(value),
      ratio: Number(parseArray(statistics.most_common_freqs ?? '{}')[at] ?? 0),
    }),
  );
  const inHistogram = 1 - statistics.null_ratio - common.reduce((sum, { ratio }) => sum + ratio, 0);
  const find = async (operator: '<' | '>', endText: string, innerText: string): Promise<number | null> => {
    const end = scale.toNumber(endText);
    const inner = scale.toNumber(innerText);
    if (end === null || inner === null || inHistogram <= 0) return null;
    const beyond = await estimate(operator, endText);
    // rounded up from nothing
    if (beyond <= 1) return end;
    const isBeyond = (value: number | null) => value !== null && (operator === '>' ? value > end : value < end);
    const ofCommon = common.reduce((sum, { value, ratio }) => sum + (isBeyond(value) ? ratio : 0), 0);
    const share = ((beyond / rows - ofCommon) / inHistogram) * (bounds.length - 1);
    return inner + (end - inner) / (1 - Math.min(largestOvershoot, Math.max(0, share)));
  };
  const lowest = await find('<', first, second);
  const highest = await find('>', last, beforeLast);
  if (lowest === null || highest === null) return null;
  return { lowest: scale.toStored(lowest), highest: scale.toStored(highest), widthBytes: scale.widthBytes };
}

async function estimateRows(unit: UnitOfWork, sql: string): Promise<number> {
  const [row] = planRows.parse(await unit.query(`EXPLAIN (FORMAT JSON) ${sql}`));
  return planJson.parse(JSON.parse(row['QUERY PLAN']))[0].Plan['Plan Rows'];
}
