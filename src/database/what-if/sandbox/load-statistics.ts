// Puts the source's planner statistics into the sandbox: by PostgreSQL's own function from 18 on, before that as rows of
// pg_statistic, which only a superuser may write.
import type { Client } from 'pg';
import {
  insertColumnStatisticsSql,
  restoreStatisticsSql,
  restoredRows,
  sortingClassesSql,
  statisticSlots,
} from '../../queries/what-if/sandbox';
import type { CapturedDatabase, CapturedStatistics } from './captured-database';
import { isRefused } from './is-refused';

/** pg_restore_attribute_stats came with 18. */
const restoringVersion = 180_000;
/** From 14 on -1 says that nobody has counted yet; before, that was 0 rows on 0 pages. */
const unknownRowsVersion = 140_000;
/** Inheritance has statistics of its own from 15 on. */
const inheritedExtendedVersion = 150_000;

interface NamedStatistics extends Omit<CapturedStatistics, 'relation'> {
  schema: string;
  relation: string;
}

/** Clients of the loaded database. Resolves with the descriptions of what could not be taken over, by OID of the relation on the source. */
export async function loadStatistics(
  { owner, planner }: { owner: Client; planner: Client },
  versionNumber: number,
  database: CapturedDatabase,
): Promise<Map<number, string>> {
  await loadRelationCounts(owner, versionNumber, database);
  const names = new Map<number, { schema: string; name: string; relation: number }>();
  for (const { oid, schema, name } of database.relations) names.set(oid, { schema, name, relation: oid });
  for (const { oid, schema, name, relation } of database.indexes) names.set(oid, { schema, name, relation });
  const missing = new Map<number, string>();
  const batch: NamedStatistics[] = [];
  const relationOf = new Map<string, number>();
  for (const { relation, ...each } of database.statistics) {
    const named = names.get(relation);
    if (named === undefined) continue;
    batch.push({ ...each, schema: named.schema, relation: named.name });
    relationOf.set(`${named.schema}.${named.name}`, named.relation);
  }
  const load =
    versionNumber >= restoringVersion
      ? (rows: readonly NamedStatistics[]) => restore(planner, database.versionNumber, rows)
      : (rows: readonly NamedStatistics[]) => insert(owner, rows);
  if (versionNumber < restoringVersion) {
    await owner.query('DROP TABLE IF EXISTS pg_temp.sorting_class');
    await owner.query(sortingClassesSql);
    await owner.query('DELETE FROM pg_catalog.pg_statistic WHERE starelid >= 16384');
  }
  for (const { schema, relation, number } of await loadEach(batch, load)) {
    missing.set(
      relationOf.get(`${schema}.${relation}`) ?? 0,
      `statistics of column ${number} of ${schema}.${relation}`,
    );
  }
  await loadExtendedStatistics(owner, versionNumber, database);
  return missing;
}

/** All at once; where one is refused, each by itself. Resolves with the refused ones. */
async function loadEach(
  batch: readonly NamedStatistics[],
  load: (rows: readonly NamedStatistics[]) => Promise<NamedStatistics[]>,
): Promise<NamedStatistics[]> {
  if (batch.length === 0) return [];
  try {
    return await load(batch);
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (batch.length === 1) return [...batch];
    const middle = Math.ceil(batch.length / 2);
    return [...(await loadEach(batch.slice(0, middle), load)), ...(await loadEach(batch.slice(middle), load))];
  }
}

async function restore(
  planner: Client,
  sourceVersion: number,
  rows: readonly NamedStatistics[],
): Promise<NamedStatistics[]> {
  const result = await planner.query(restoreStatisticsSql, [JSON.stringify(rows), sourceVersion]);
  const refused = restoredRows.parse(result.rows).filter((row) => !row.is_restored);
  return rows.filter((row) =>
    refused.some(
      ({ schema, relation, number }) => schema === row.schema && relation === row.relation && number === row.number,
    ),
  );
}

async function insert(owner: Client, rows: readonly NamedStatistics[]): Promise<NamedStatistics[]> {
  const result = await owner.query(insertColumnStatisticsSql, [JSON.stringify(rows.map(toSlots))]);
  // arrays of a domain are left out
  return result.rowCount === rows.length ? [] : rows.length === 1 ? [...rows] : insertOneByOne(owner, rows);
}

async function insertOneByOne(owner: Client, rows: readonly NamedStatistics[]): Promise<NamedStatistics[]> {
  await owner.query('DELETE FROM pg_catalog.pg_statistic WHERE starelid >= 16384');
  const refused: NamedStatistics[] = [];
  for (const row of rows) refused.push(...(await insert(owner, [row])));
  return refused;
}

/** STATISTIC_KIND_...: 1 most common values, 2 histogram, 3 correlation, 4 and 5 elements, 6 and 7 ranges. */
function toSlots(row: NamedStatistics) {
  const slots: { kind: number; operator: string; numbers: string | null; values: string | null; type: string }[] = [];
  const add = (kind: number, operator: string, numbers: string | null, values: string | null, type = 'own') => {
    if (numbers !== null || values !== null) slots.push({ kind, operator, numbers, values, type });
  };
  add(1, 'equal', row.most_common_freqs, row.most_common_vals);
  add(2, 'less', null, row.histogram_bounds);
  add(3, 'less', row.correlation === null ? null : `{${row.correlation}}`, null);
  add(4, 'element', row.most_common_elem_freqs, row.most_common_elems, 'element');
  add(5, 'element', row.elem_count_histogram, null);
  const emptyRatio = row.range_empty_frac === null ? null : `{${row.range_empty_frac}}`;
  add(6, 'float8', emptyRatio, row.range_length_histogram, 'float8');
  add(7, 'none', null, row.range_bounds_histogram);
  const used = slots.slice(0, statisticSlots);
  while (used.length < statisticSlots)
    used.push({ kind: 0, operator: 'none', numbers: null, values: null, type: 'own' });
  const { schema, relation, number, inherited, null_ratio, average_width_bytes, distinct_values } = row;
  return {
    ...{ schema, relation, number, inherited, null_ratio, average_width_bytes, distinct_values },
    kinds: used.map(({ kind }) => kind),
    operators: used.map(({ operator }) => operator),
    numbers: used.map(({ numbers }) => numbers),
    value_lists: used.map(({ values }) => values),
    types: used.map(({ type }) => type),
  };
}

/** Also afterwards: before 18 CREATE INDEX counts the sandbox's own rows, none. */
export async function loadRelationCounts(
  owner: Client,
  versionNumber: number,
  database: CapturedDatabase,
): Promise<void> {
  const unknownRows = versionNumber < unknownRowsVersion ? 0 : -1;
  const toRows = (rows: number, pages: number) =>
    database.versionNumber < unknownRowsVersion && rows === 0 && pages === 0 ? unknownRows : rows;
  const counts = [
    ...database.relations.map(({ schema, name, pages, rows, all_visible_pages }) => ({
      ...{ schema, name, pages, all_visible_pages },
      rows: toRows(rows, pages),
    })),
    ...database.indexes.map(({ schema, name, pages, rows }) => ({
      ...{ schema, name, pages, all_visible_pages: 0 },
      rows: toRows(rows, pages),
    })),
  ];
  await owner.query(
    `UPDATE pg_catalog.pg_class c
    SET relpages = g.pages, reltuples = g.rows, relallvisible = g.all_visible_pages
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS g (schema text, name text, pages int, rows float4, all_visible_pages int)
    JOIN pg_catalog.pg_namespace n ON n.nspname = g.schema
    WHERE c.relnamespace = n.oid AND c.relname = g.name
      AND (c.relpages, c.reltuples, c.relallvisible) IS DISTINCT FROM (g.pages, g.rows, g.all_visible_pages)`,
    [JSON.stringify(counts)],
  );
}

/** No function restores these: their types take no text, so the bytes go through a cast that only the sandbox has. */
async function loadExtendedStatistics(owner: Client, versionNumber: number, database: CapturedDatabase): Promise<void> {
  if (database.extendedStatistics.length === 0) return;
  const inherited = versionNumber >= inheritedExtendedVersion;
  await owner.query('DELETE FROM pg_catalog.pg_statistic_ext_data');
  // before 15 an object without data has a row all the same
  const none = { inherited: false, distinctValues: null, dependencies: null, mostCommon: null };
  for (const { schema, name, data } of database.extendedStatistics) {
    for (const each of data.length === 0 && !inherited ? [none] : data) {
      await owner.query(
        `INSERT INTO pg_catalog.pg_statistic_ext_data (stxoid, ${inherited ? 'stxdinherit, ' : ''}stxdndistinct, stxddependencies, stxdmcv)
        SELECT s.oid, ${inherited ? '$6::pg_catalog.bool, ' : ''}$3::pg_catalog.bytea::pg_catalog.pg_ndistinct,
          $4::pg_catalog.bytea::pg_catalog.pg_dependencies, $5::pg_catalog.bytea::pg_catalog.pg_mcv_list
        FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
        WHERE n.nspname = $1 AND s.stxname = $2`,
        [schema, name, each.distinctValues, each.dependencies, each.mostCommon, ...(inherited ? [each.inherited] : [])],
      );
    }
  }
}
