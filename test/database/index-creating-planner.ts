// A WhatIfPlanner for tests that leaves nothing to belief: it creates the indexes, lets the server plan, and rolls back.
import type pg from 'pg';
import * as z from 'zod';
import { DatabaseFailure } from '../../src/analysis/connection/connection-failure';
import type {
  ExistingIndexName,
  HypotheticalIndex,
  WhatIfAnswer,
  WhatIfPlanner,
  WhatIfStatement,
} from '../../src/analysis/index-advice/what-if-planner';
import { toIndexClause } from '../../src/analysis/index-build/index-steps';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan } from '../../src/analysis/plan/plan';
import { quoteQualifiedName } from '../../src/analysis/sql/identifiers';

const planRows = z.tuple([z.object({ 'QUERY PLAN': z.unknown() })]);
const sizeRows = z.array(z.object({ bytes: z.string().transform(Number) }));

export class IndexCreatingPlanner implements WhatIfPlanner {
  readonly engine = 'sandbox';
  readonly grade = 'planned';
  readonly #client: pg.Client;
  readonly #before = new Map<string, Plan>();

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async plan(
    statements: readonly WhatIfStatement[],
    indexes: readonly HypotheticalIndex[],
    hidden: readonly ExistingIndexName[] = [],
  ): Promise<WhatIfAnswer> {
    await this.#client.query('BEGIN');
    try {
      const before: Plan[] = [];
      for (const statement of statements) {
        const known = this.#before.get(statement.id) ?? (await this.#explain(statement));
        this.#before.set(statement.id, known);
        before.push(known);
      }
      const indexSizesBytes: number[] = [];
      for (const [at, index] of indexes.entries()) indexSizesBytes.push(await this.#create(index, `what_if_${at}`));
      for (const { schema, name } of hidden) await this.#client.query(`DROP INDEX ${quoteQualifiedName(schema, name)}`);
      const results: WhatIfAnswer['results'][number][] = [];
      for (const [at, statement] of statements.entries()) {
        const planBefore = before[at];
        if (planBefore === undefined) continue;
        const planAfter = indexes.length + hidden.length === 0 ? planBefore : await this.#explain(statement);
        const names = planAfter.nodes.flatMap(({ index }) => index ?? []);
        results.push({
          statementId: statement.id,
          costBefore: planBefore.nodes[0]?.totalCost ?? 0,
          costAfter: planAfter.nodes[0]?.totalCost ?? 0,
          // a partition's index is called after its table's
          used: indexes.flatMap((_, place) =>
            names.some((name) => isNamed(name, `what_if_${place}`, this.#parts)) ? [place] : [],
          ),
          planBefore,
          planAfter,
          unsupported: null,
        });
      }
      return { results, indexSizesBytes };
    } finally {
      await this.#client.query('ROLLBACK');
      this.#parts.clear();
    }
  }

  /** Names of partitions' indexes, by the name of their parent. */
  readonly #parts = new Map<string, string>();

  async #create(index: HypotheticalIndex, name: string): Promise<number> {
    try {
      await this.#client.query(
        `CREATE INDEX ${name} ON ${quoteQualifiedName(index.schema, index.table)} ${toIndexClause(index)}`,
      );
    } catch (error) {
      throw new DatabaseFailure('statement', error instanceof Error ? error.message : String(error), '');
    }
    const { rows } = await this.#client.query(
      `SELECT c.relname AS name, pg_relation_size(c.oid) AS bytes
      FROM pg_class r LEFT JOIN LATERAL pg_partition_tree(r.oid) t ON r.relkind = 'I' JOIN pg_class c ON c.oid = coalesce(t.relid, r.oid)
      WHERE r.relname = $1`,
      [name],
    );
    for (const { name: part } of z.array(z.object({ name: z.string() })).parse(rows)) this.#parts.set(part, name);
    return sizeRows.parse(rows).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async #explain({ sql, parameters }: WhatIfStatement): Promise<Plan> {
    const isGeneric = /\$\d/.test(sql) && (parameters === null || parameters === undefined);
    const explain = 'EXPLAIN (FORMAT JSON, VERBOSE)';
    let rows: unknown[];
    if (isGeneric) {
      const count = Math.max(...[...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
      await this.#client.query('SET LOCAL plan_cache_mode = force_generic_plan');
      await this.#client.query(`PREPARE what_if AS ${sql}`);
      const nulls = Array.from({ length: count }, () => 'NULL').join(', ');
      ({ rows } = await this.#client.query(`${explain} EXECUTE what_if(${nulls})`));
      await this.#client.query('DEALLOCATE what_if');
    } else {
      ({ rows } = await this.#client.query(`${explain} ${sql}`, [...(parameters ?? [])]));
    }
    const [row] = planRows.parse(rows);
    return parsePlanJson(JSON.stringify(row['QUERY PLAN']), { planNumber: 1 });
  }
}

function isNamed(index: string, name: string, parts: ReadonlyMap<string, string>): boolean {
  return (parts.get(index) ?? index) === name;
}
