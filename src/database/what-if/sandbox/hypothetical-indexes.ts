// Hypothetical indexes of a sandbox database. Each is made once, empty, gets the size that it would have, and is left
// invalid, which the planner does not look at; a plan switches on those that it is asked about in its own transaction.
// Making one takes milliseconds, switching takes next to nothing, so many sets of indexes can be priced.
import type { Client } from 'pg';
import * as z from 'zod';
import { toIndexClause } from '../../../analysis/index-build/index-steps';
import type { ExistingIndexName, HypotheticalIndex } from '../../../analysis/index-advice/what-if-planner';
import { quoteIdentifier } from '../../../analysis/sql/identifiers';
import { int8 } from '../../queries/query';
import type { SandboxIndexRow } from '../../queries/what-if/sandbox';
import { sizeIndex, type SizedIndex } from './hypothetical-size';
import { sandboxPageBytes, type SandboxDatabase } from './sandbox-database';

export interface MadeIndex {
  /** Its own, and those of partitions. */
  oids: readonly number[];
  /** As plans print them. */
  names: ReadonlySet<string>;
  sizeBytes: number;
}

const partRows = z.array(z.object({ oid: int8, name: z.string(), schema: z.string(), is_leaf: z.boolean() }));
const tableFileRows = z.array(z.object({ file: z.string() }));
const nameRows = z.array(z.object({ name: z.string() }));
const planRows = z.tuple([
  z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })]) }),
]);

/** Indexes whose first page the planner reads through the server's buffers: they get a file that the server has not seen. */
const methodsWithFigures = new Set(['gin', 'brin']);

/** Switched off they cost a plan some microseconds each, and some kilobytes of the server's cache; made anew, 15 to 40 ms. */
const keptIndexes = 500;

export class HypotheticalIndexes {
  readonly #database: SandboxDatabase;
  readonly #limit: number;
  /** Least recently asked for first. */
  readonly #made = new Map<string, MadeIndex>();
  readonly #existing = new Map<string, readonly number[]>();
  #count = 0;

  constructor(database: SandboxDatabase, limit = keptIndexes) {
    this.#database = database;
    this.#limit = limit;
  }

  /** Rejects with the server's error when there can't be such an index. */
  async make(index: HypotheticalIndex): Promise<MadeIndex> {
    const key = JSON.stringify([index.schema, index.table, toIndexClause(index)]);
    const there = this.#made.get(key);
    if (there !== undefined) {
      this.#made.delete(key);
      this.#made.set(key, there);
      return there;
    }
    const name = `hypothetical_${++this.#count}`;
    const made = await this.#make(index, name);
    this.#made.set(key, made);
    return made;
  }

  /** OIDs in the sandbox, with those of partitions; empty when there is no such index. */
  async findExisting({ schema, name }: ExistingIndexName): Promise<readonly number[]> {
    const key = `${schema}.${name}`;
    const known = this.#existing.get(key);
    if (known !== undefined) return known;
    const oids = (await this.#findParts(schema, name)).map(({ oid }) => oid);
    this.#existing.set(key, oids);
    return oids;
  }

  /** All of them: their sizes were those of other statistics. */
  async drop(): Promise<void> {
    this.#existing.clear();
    await this.#dropUntil(0);
  }

  /** Between two requests: those that nobody has asked for in a long time. */
  async dropLeastRecent(): Promise<void> {
    await this.#dropUntil(this.#limit);
  }

  async #dropUntil(count: number): Promise<void> {
    const surplus = [...this.#made].slice(0, Math.max(0, this.#made.size - count));
    for (const [key, { oids }] of surplus) {
      this.#made.delete(key);
      const [oid] = oids;
      const { rows } = await this.#database.owner.query(
        `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1`,
        [oid],
      );
      for (const { name } of nameRows.parse(rows)) await this.#database.planner.query(`DROP INDEX ${name}`);
    }
  }

  async #make(index: HypotheticalIndex, name: string): Promise<MadeIndex> {
    const { owner, planner } = this.#database;
    const table = `${quoteIdentifier(index.schema)}.${quoteIdentifier(index.table)}`;
    const files = await this.#findTableFiles(index);
    await this.#database.withEmptyTables(
      () => planner.query(`CREATE INDEX ${name} ON ${table} ${toIndexClause(index)}`),
      files,
    );
    const parts = await this.#findParts(index.schema, name);
    await owner.query(
      'UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = ANY ($1::pg_catalog.oid[])',
      [parts.map(({ oid }) => oid)],
    );
    if (this.#database.versionNumber < 180_000) await this.#database.restoreCounts();
    const names = new Set<string>();
    for (const [position, part] of parts.entries()) {
      const unique = position === 0 ? name : `${name}_${position}`;
      names.add(unique);
      if (part.name !== unique) {
        await planner.query(
          `ALTER INDEX ${quoteIdentifier(part.schema)}.${quoteIdentifier(part.name)} RENAME TO ${unique}`,
        );
      }
    }
    const leaves = parts.filter((part) => part.is_leaf).map(({ oid }) => oid);
    let pages = 0;
    for (const columns of (await this.#database.captureIndexes(leaves)).values()) pages += await this.#size(columns);
    return { oids: parts.map(({ oid }) => oid), names, sizeBytes: pages * sandboxPageBytes };
  }

  /** Gives the index its file; resolves with the pages. */
  async #size(columns: readonly SandboxIndexRow[]): Promise<number> {
    const [first] = columns;
    if (first === undefined || first.file === null) return 0;
    const { owner, planner, files, versionNumber } = this.#database;
    const contents = await estimateContents(planner, columns);
    const sized: SizedIndex = sizeIndex(columns, contents, { pageBytes: sandboxPageBytes, versionNumber });
    const file = methodsWithFigures.has(first.method)
      ? await this.#database.giveNewFile(first.index, first.file)
      : first.file;
    await sized.write(files, file);
    await owner.query('UPDATE pg_catalog.pg_class SET relpages = $2, reltuples = $3 WHERE oid = $1', [
      first.index,
      sized.pages,
      contents.rows,
    ]);
    return sized.pages;
  }

  /** Parents first. */
  async #findParts(schema: string, name: string): Promise<z.output<typeof partRows>> {
    const { rows } = await this.#database.owner.query(
      `WITH RECURSIVE part (oid, level) AS (
        SELECT c.oid, 0 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('i', 'I')
        UNION ALL
        SELECT h.inhrelid, p.level + 1 FROM part p JOIN pg_catalog.pg_inherits h ON h.inhparent = p.oid
      )
      SELECT c.oid::pg_catalog.int8 AS oid, c.relname::pg_catalog.text AS name, n.nspname::pg_catalog.text AS schema, c.relkind = 'i' AS is_leaf
      FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      ORDER BY p.level, c.oid`,
      [schema, name],
    );
    return partRows.parse(rows);
  }

  async #findTableFiles({ schema, table }: HypotheticalIndex): Promise<string[]> {
    const { rows } = await this.#database.owner.query(
      `WITH RECURSIVE part (oid) AS (
        SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2
        UNION ALL
        SELECT h.inhrelid FROM part p JOIN pg_catalog.pg_inherits h ON h.inhparent = p.oid
      )
      SELECT pg_catalog.pg_relation_filepath(c.oid) AS file
      FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid WHERE c.relkind IN ('r', 'm') ORDER BY c.oid`,
      [schema, table],
    );
    return tableFileRows.parse(rows).map(({ file }) => file);
  }
}

/** Asks the planner, which has the statistics: rows that a predicate keeps, keys that differ. */
async function estimateContents(planner: Client, columns: readonly SandboxIndexRow[]) {
  const [first] = columns;
  if (first === undefined) throw new Error('An index without columns.');
  const table = `${quoteIdentifier(first.relation_schema)}.${quoteIdentifier(first.relation_name)}`;
  const from = `FROM ONLY ${table}${first.predicate === null ? '' : ` WHERE ${first.predicate}`}`;
  const rows = await estimateRows(planner, `SELECT ${from}`);
  if (first.method !== 'btree') return { rows, distinctKeys: rows };
  const keys = columns.filter((column) => column.is_key);
  const distinct = first.distinct_values;
  if (keys.length === 1 && first.predicate === null && distinct !== null) {
    const nullKey = (first.null_ratio ?? 0) > 0 ? 1 : 0;
    return { rows, distinctKeys: (distinct < 0 ? -distinct * rows : distinct) + nullKey };
  }
  const expressions = keys.map(({ expression }) => expression).join(', ');
  return { rows, distinctKeys: await estimateRows(planner, `SELECT ${from} GROUP BY ${expressions}`) };
}

async function estimateRows(planner: Client, sql: string): Promise<number> {
  const { rows } = await planner.query(`EXPLAIN (FORMAT JSON) ${sql}`);
  return planRows.parse(rows)[0]['QUERY PLAN'][0].Plan['Plan Rows'];
}
