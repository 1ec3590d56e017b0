// The WhatIfPlanner that plans on the user's server with the extension HypoPG. It keeps hypothetical indexes in the memory of
// one session, where they would outlive a transaction: each question is one read-only transaction that removes them at its
// end, and behind a pooler, which hands sessions on to others, it is refused.
//
// HypoPG prices its indexes by rules of its own (no height, other sizes), so that a copy of an index that is there would seem
// to gain something. Both sides are therefore planned with copies of all B-trees of the statements' tables.
import * as z from 'zod';
import { DatabaseFailure, isDatabaseFailure } from '../../analysis/connection/connection-failure';
import type { AdvisedStatement } from '../../analysis/index-advice/index-advice';
import type { AdviceTable } from '../../analysis/index-advice/index-advice-facts';
import { estimateIndexSizeBytes } from '../../analysis/index-advice/cost/statement-cost';
import type {
  ExistingIndexName,
  HypotheticalIndex,
  WhatIfAnswer,
  WhatIfPlanner,
  WhatIfResult,
  WhatIfStatement,
} from '../../analysis/index-advice/what-if-planner';
import { toIndexClause } from '../../analysis/index-build/index-steps';
import { parsePlanJson } from '../../analysis/plan/parse-plan';
import type { Plan } from '../../analysis/plan/plan';
import { quoteName, quoteQualifiedName } from '../../analysis/sql/identifiers';
import { captureConsentVerdict, readUserStatement, type StatementContext } from '../consent';
import {
  createdRows,
  existingBtreesQuery,
  extensionQuery,
  type ExistingBtree,
  type HypopgExtension,
} from '../queries/hypopg/hypopg';
import { captureRows } from '../queries/query';
import { catalogueUnit } from '../tables';
import type { UnitOfWork } from '../unit-of-work';
import type { UsePlanner } from './use-planner';

const lookUpTimeoutMs = 15_000;
/** One plan takes milliseconds; a question may be hundreds of them, each with a limit of its own. */
const planTimeoutMs = 15_000;
/** What a statement reaches is looked at again after this time, in the transaction that plans it. */
const verdictAgeMs = 60_000;

const supportedMethods: readonly HypotheticalIndex['method'][] = ['btree', 'brin', 'hash'];

const planRows = z.tuple([z.object({ 'QUERY PLAN': z.string() })]);

export const useHypopg: UsePlanner = async ({ context, statements, signal }, work) => {
  const extension = await findExtension(context, signal);
  return { result: await work(new HypopgPlanner(context, extension, statements, signal)), engineNote: null };
};

async function findExtension(context: StatementContext, signal: AbortSignal | undefined): Promise<HypopgExtension> {
  const { facts, server, pooler } = context;
  const where = `database "${facts.database}" on ${server}`;
  if (pooler !== 'none') {
    throw new DatabaseFailure(
      'configuration',
      `HypoPG is not used through a pooler (${server}): it keeps its indexes in a session, which the pooler hands on to others.`,
      'Connect to the server itself.',
    );
  }
  const [extension] = await context.run(catalogueUnit(lookUpTimeoutMs, signal), (unit) =>
    captureRows(unit, facts, extensionQuery),
  );
  if (extension === undefined) {
    throw new DatabaseFailure(
      'configuration',
      `The extension HypoPG is not installed in ${where}.`,
      'Where its package is on the server: CREATE EXTENSION hypopg.',
    );
  }
  if (!extension.is_permitted) {
    throw new DatabaseFailure(
      'not-permitted',
      `${quoteName(facts.role)} may not use the extension HypoPG in ${where}.`,
      `It needs: GRANT USAGE ON SCHEMA ${extension.schema} TO ${quoteName(facts.role)}, and EXECUTE on its functions.`,
    );
  }
  return extension;
}

interface KnownStatement {
  /** performance.now() of the last look at what it reaches. */
  assessedAt: number;
  before: Plan | null;
  refusal: string | null;
}

interface MadeIndex {
  /** A partitioned table has one on each partition. */
  oids: readonly number[];
  /** By HypoPG's model. */
  bytes: number;
}

export class HypopgPlanner implements WhatIfPlanner {
  readonly engine = 'hypopg';
  readonly grade = 'planned';
  readonly #context: StatementContext;
  readonly #extension: HypopgExtension;
  readonly #statements: readonly AdvisedStatement[];
  readonly #signal: AbortSignal | undefined;
  readonly #known = new Map<string, KnownStatement>();
  /** By table. */
  readonly #btrees = new Map<number, ExistingBtree[]>();

  constructor(
    context: StatementContext,
    extension: HypopgExtension,
    statements: readonly AdvisedStatement[],
    signal: AbortSignal | undefined,
  ) {
    this.#context = context;
    this.#extension = extension;
    this.#statements = statements;
    this.#signal = signal;
  }

  async plan(
    statements: readonly WhatIfStatement[],
    indexes: readonly HypotheticalIndex[],
    hidden: readonly ExistingIndexName[] = [],
  ): Promise<WhatIfAnswer> {
    const foreign = indexes.find(({ method }) => !supportedMethods.includes(method));
    if (foreign !== undefined) {
      throw new DatabaseFailure('statement', `HypoPG can't plan with ${foreign.method} indexes.`, '');
    }
    if (hidden.length > 0 && !this.#extension.may_hide) {
      throw new DatabaseFailure('statement', `HypoPG ${this.#extension.version} can't hide an index.`, '');
    }
    return this.#context.run(
      {
        searchPath: 'role',
        access: 'read-only',
        statementTimeoutMs: planTimeoutMs,
        ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      },
      (unit) => this.#plan(unit, statements, indexes, hidden),
    );
  }

  async #plan(
    unit: UnitOfWork,
    statements: readonly WhatIfStatement[],
    indexes: readonly HypotheticalIndex[],
    hidden: readonly ExistingIndexName[],
  ): Promise<WhatIfAnswer> {
    const { schema } = this.#extension;
    await unit.query('SET LOCAL plan_cache_mode = force_generic_plan');
    // a PREPARE and what HypoPG holds outlive the rollback; a failed statement must not keep them from being removed
    await unit.query('SAVEPOINT pg_insight_what_if');
    unit.atEnd('ROLLBACK TO SAVEPOINT pg_insight_what_if');
    unit.atEnd('DEALLOCATE ALL');
    unit.atEnd(`SELECT ${schema}.hypopg_reset()`);
    for (const statement of statements) await this.#assess(unit, statement);
    const tables = this.#findTables(statements);
    const isHidden = (each: ExistingIndexName) =>
      hidden.some(({ schema: inSchema, name }) => each.schema === inSchema && each.name === name);
    const existing = await this.#findBtrees(unit, tables);
    await this.#copy(unit, existing);
    for (const statement of statements) {
      const known = this.#find(statement);
      if (known.before !== null || known.refusal !== null) continue;
      const plan = await this.#explain(unit, statement);
      if (typeof plan === 'string') known.refusal = plan;
      else known.before = plan;
    }
    if (hidden.length > 0) {
      await unit.query(`SELECT ${schema}.hypopg_reset()`);
      await this.#copy(
        unit,
        existing.filter((each) => !isHidden(each)),
      );
      unit.atEnd(`SELECT ${schema}.hypopg_unhide_all_indexes()`);
      for (const each of existing.filter(isHidden)) {
        await unit.query(`SELECT ${schema}.hypopg_hide_index($1::pg_catalog.oid)`, [each.oid]);
      }
    }
    const made: MadeIndex[] = [];
    for (const index of indexes) made.push(await this.#make(unit, index, tables));
    const results: WhatIfResult[] = [];
    for (const statement of statements) {
      const { before, refusal } = this.#find(statement);
      if (before === null) {
        results.push(toUnsupported(statement.id, refusal ?? 'The statement could not be planned.'));
        continue;
      }
      const after = indexes.length + hidden.length === 0 ? before : await this.#explain(unit, statement);
      results.push(
        typeof after === 'string' ? toUnsupported(statement.id, after) : toResult(statement.id, before, after, made),
      );
    }
    return {
      results,
      indexSizesBytes: indexes.map((index, at) => this.#estimateSize(index) ?? made[at]?.bytes ?? null),
    };
  }

  #find(statement: WhatIfStatement): KnownStatement {
    const key = JSON.stringify([statement.sql, statement.parameters ?? null]);
    const known = this.#known.get(key) ?? { assessedAt: -Infinity, before: null, refusal: null };
    this.#known.set(key, known);
    return known;
  }

  /** Whether it may be planned without asking; the same rule as for every EXPLAIN. */
  async #assess(unit: UnitOfWork, statement: WhatIfStatement): Promise<void> {
    const known = this.#find(statement);
    if (known.refusal !== null || performance.now() - known.assessedAt < verdictAgeMs) return;
    const { sql } = statement;
    try {
      const reading = await readUserStatement(this.#context, sql);
      const verdict = await captureConsentVerdict(unit, this.#context, { sql, reading, analyze: false });
      if (verdict.verdict === 'refuse') known.refusal = verdict.reason;
      if (verdict.verdict === 'ask') known.refusal = 'Not assessed: it needs your word.';
      known.assessedAt = performance.now();
    } catch (error) {
      if (!isDatabaseFailure(error) || error.kind !== 'statement') throw error;
      known.refusal = error.message;
    }
  }

  /** Of the statements, with what is known of them. */
  #findTables(statements: readonly WhatIfStatement[]): AdviceTable[] {
    const tables = new Map<number, AdviceTable>();
    for (const { id } of statements) {
      const found = this.#statements.find((each) => each.id === id);
      for (const table of found?.planned.facts.tables ?? []) tables.set(table.oid, table);
    }
    return [...tables.values()].sort((a, b) => a.oid - b.oid);
  }

  async #findBtrees(unit: UnitOfWork, tables: readonly AdviceTable[]): Promise<ExistingBtree[]> {
    const found: ExistingBtree[] = [];
    for (const table of tables) {
      const oids = [table.oid, ...table.partitions.map(({ oid }) => oid)];
      const known =
        this.#btrees.get(table.oid) ?? (await captureRows(unit, this.#context.facts, existingBtreesQuery, [oids]));
      this.#btrees.set(table.oid, known);
      found.push(...known);
    }
    return found;
  }

  /** One that HypoPG does not take is left out: then a real index has no copy to compete with. */
  async #copy(unit: UnitOfWork, existing: readonly ExistingBtree[]): Promise<void> {
    if (existing.length === 0) return;
    await unit.query('SAVEPOINT pg_insight_copies');
    try {
      await this.#create(
        unit,
        existing.map(({ definition }) => definition),
      );
    } catch (error) {
      if (!isDatabaseFailure(error) || error.kind !== 'statement') throw error;
      await unit.query('ROLLBACK TO SAVEPOINT pg_insight_copies');
      await unit.query(`SELECT ${this.#extension.schema}.hypopg_reset()`);
      if (existing.length === 1) return;
      // HypoPG's memory is no part of the transaction: what was made before the failing one is made again
      const taken: ExistingBtree[] = [];
      for (const each of existing) if (await this.#takes(unit, each)) taken.push(each);
      await unit.query(`SELECT ${this.#extension.schema}.hypopg_reset()`);
      await this.#create(
        unit,
        taken.map(({ definition }) => definition),
      );
    }
  }

  async #takes(unit: UnitOfWork, { definition }: ExistingBtree): Promise<boolean> {
    try {
      await this.#create(unit, [definition]);
      return true;
    } catch (error) {
      if (!isDatabaseFailure(error) || error.kind !== 'statement') throw error;
      await unit.query('ROLLBACK TO SAVEPOINT pg_insight_copies');
      return false;
    }
  }

  async #create(unit: UnitOfWork, definitions: readonly string[]): Promise<MadeIndex> {
    if (definitions.length === 0) return { oids: [], bytes: 0 };
    const { schema } = this.#extension;
    const rows = createdRows.parse(
      await unit.query(
        `SELECT d.place::pg_catalog.int4 AS place, c.indexrelid::pg_catalog.int8 AS oid,
           ${schema}.hypopg_relation_size(c.indexrelid)::pg_catalog.int8 AS bytes
         FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS d (definition, place)
         CROSS JOIN LATERAL ${schema}.hypopg_create_index(d.definition) AS c
         ORDER BY d.place`,
        [definitions],
      ),
    );
    return { oids: rows.map(({ oid }) => oid), bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** HypoPG takes no partitioned table: each partition gets its index. */
  #make(unit: UnitOfWork, index: HypotheticalIndex, tables: readonly AdviceTable[]): Promise<MadeIndex> {
    const table = tables.find(({ schema, name }) => schema === index.schema && name === index.table);
    const relations =
      table?.isPartitioned === true
        ? table.partitions.filter(({ isPartitioned }) => !isPartitioned)
        : [{ schema: index.schema, name: index.table }];
    const clause = toIndexClause(index);
    return this.#create(
      unit,
      relations.map(({ schema, name }) => `CREATE INDEX ON ${quoteQualifiedName(schema, name)} ${clause}`),
    );
  }

  #estimateSize(index: HypotheticalIndex): number | null {
    for (const { planned } of this.#statements) {
      const bytes = estimateIndexSizeBytes(planned.facts, index);
      if (bytes !== null) return bytes;
    }
    return null;
  }

  /** Why it can't be planned, where that is about the statement. */
  async #explain(unit: UnitOfWork, statement: WhatIfStatement): Promise<Plan | string> {
    const { sql, parameters } = statement;
    const explain = 'EXPLAIN (FORMAT JSON, VERBOSE)';
    const reading = await readUserStatement(this.#context, sql);
    const count = reading.understood ? reading.facts.parameterCount : 0;
    await unit.query('SAVEPOINT pg_insight_statement');
    let text: string | null = null;
    let reason = '';
    try {
      if (count === 0 || (parameters !== null && parameters !== undefined)) {
        text = planRows.parse(await unit.query(`${explain} ${sql}`, [...(parameters ?? [])]))[0]['QUERY PLAN'];
      } else {
        // prepared anew each time: a plan that is kept does not see new hypothetical indexes
        await unit.query(`PREPARE pg_insight_what_if AS ${sql}`);
        const nulls = Array.from({ length: count }, () => 'NULL').join(', ');
        const execute = `${explain} EXECUTE pg_insight_what_if(${nulls})`;
        text = planRows.parse(await unit.query(execute))[0]['QUERY PLAN'];
      }
    } catch (error) {
      if (!isDatabaseFailure(error) || !['statement', 'not-permitted', 'timed-out'].includes(error.kind)) throw error;
      reason = error.message;
    }
    await unit.query('ROLLBACK TO SAVEPOINT pg_insight_statement');
    await unit.query('DEALLOCATE ALL');
    return text === null ? reason : parsePlanJson(text, { planNumber: 1 });
  }
}

const costOf = (plan: Plan) => plan.nodes[0]?.totalCost ?? 0;

/** HypoPG calls an index "<12345>btree_orders_status". */
function toIndexOid(name: string | null): number | null {
  const [, oid] = /^<(\d+)>/.exec(name ?? '') ?? [];
  return oid === undefined ? null : Number(oid);
}

function toResult(statementId: string, planBefore: Plan, planAfter: Plan, made: readonly MadeIndex[]): WhatIfResult {
  const oids = new Set(planAfter.nodes.flatMap(({ index }) => toIndexOid(index) ?? []));
  return {
    ...{ statementId, planBefore, planAfter, unsupported: null },
    costBefore: costOf(planBefore),
    costAfter: costOf(planAfter),
    used: made.flatMap((each, place) => (each.oids.some((oid) => oids.has(oid)) ? [place] : [])),
  };
}

function toUnsupported(statementId: string, unsupported: string): WhatIfResult {
  return { statementId, costBefore: 0, costAfter: 0, used: [], planBefore: null, planAfter: null, unsupported };
}
