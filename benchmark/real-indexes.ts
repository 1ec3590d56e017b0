// Indexes that were really created, each once, and are switched on for a plan: sizes and costs of a set of them are the
// server's own.
import type pg from 'pg';
import { keyOfIndex } from '../src/analysis/index-advice/proposals/propose-indexes';
import type { HypotheticalIndex } from '../src/analysis/index-advice/what-if-planner';
import { toIndexClause } from '../src/analysis/index-build/index-steps';
import { quoteQualifiedName } from '../src/analysis/sql/identifiers';
import type { BenchmarkStatement } from './read-workload';

export interface RealIndex {
  oids: readonly string[];
  sizeBytes: number;
}

export class RealIndexes {
  /** A superuser's. */
  readonly #client: pg.Client;
  readonly #made = new Map<string, RealIndex>();

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async make(index: HypotheticalIndex): Promise<RealIndex> {
    const key = keyOfIndex(index);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const name = `benchmark_${this.#made.size}`;
    await this.#client.query(
      `CREATE INDEX ${name} ON ${quoteQualifiedName(index.schema, index.table)} ${toIndexClause(index)}`,
    );
    const { rows } = await this.#client.query<{ oid: string; bytes: string }>(
      `SELECT t.relid::oid AS oid, pg_relation_size(t.relid) AS bytes FROM pg_class c
      CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(c.oid) UNION SELECT c.oid) t
      WHERE c.relname = $1 AND c.relkind IN ('i', 'I')`,
      [name],
    );
    const made = {
      oids: rows.map(({ oid }) => oid),
      sizeBytes: rows.reduce((sum, { bytes }) => sum + Number(bytes), 0),
    };
    await this.#client.query('UPDATE pg_index SET indisvalid = false WHERE indexrelid = ANY ($1::oid[])', [made.oids]);
    this.#made.set(key, made);
    return made;
  }

  async sizeOf(indexes: readonly HypotheticalIndex[]): Promise<number> {
    let sum = 0;
    for (const index of indexes) sum += (await this.make(index)).sizeBytes;
    return sum;
  }

  /** The first ones, as long as they fit; one that does not is left out. */
  async fit(indexes: readonly HypotheticalIndex[], budgetBytes: number): Promise<HypotheticalIndex[]> {
    const fitting: HypotheticalIndex[] = [];
    let left = budgetBytes;
    for (const index of indexes) {
      const { sizeBytes } = await this.make(index);
      if (sizeBytes > left) continue;
      left -= sizeBytes;
      fitting.push(index);
    }
    return fitting;
  }

  /** Planner's cost of each statement with these indexes and no others of the benchmark. */
  async costs(statements: readonly BenchmarkStatement[], indexes: readonly HypotheticalIndex[]): Promise<number[]> {
    const oids: string[] = [];
    for (const index of indexes) oids.push(...(await this.make(index)).oids);
    await this.#client.query('BEGIN');
    try {
      await this.#client.query('UPDATE pg_index SET indisvalid = true WHERE indexrelid = ANY ($1::oid[])', [oids]);
      const costs: number[] = [];
      for (const { sql } of statements) {
        const { rows } = await this.#client.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(
          `EXPLAIN (FORMAT JSON) ${sql}`,
        );
        costs.push(rows[0]?.['QUERY PLAN'][0].Plan['Total Cost'] ?? Number.NaN);
      }
      return costs;
    } finally {
      await this.#client.query('ROLLBACK');
    }
  }
}
