// The WhatIfPlanner that plans in a local PostgreSQL with the source's definitions, statistics and sizes. Nothing is built
// or changed on the source: it is read in one read-only transaction.
import * as z from 'zod';
import { DatabaseFailure, isDatabaseFailure } from '../../../analysis/connection/connection-failure';
import type {
  ExistingIndexName,
  HypotheticalIndex,
  WhatIfAnswer,
  WhatIfPlanner,
  WhatIfResult,
  WhatIfStatement,
} from '../../../analysis/index-advice/what-if-planner';
import { parsePlanJson } from '../../../analysis/plan/parse-plan';
import type { Plan } from '../../../analysis/plan/plan';
import { readStatement, type StatementFacts } from '../../../analysis/sql/statement-facts';
import type { StatementContext } from '../../consent';
import { captureDatabase } from './capture-database';
import type { CapturedRelation } from './captured-database';
import { HypotheticalIndexes, type MadeIndex } from './hypothetical-indexes';
import { isRefused } from './is-refused';
import { sandboxPageBytes, SandboxDatabase } from './sandbox-database';
import type { SandboxServer } from './sandbox-server';
import { findOrderRefusal, findRelationRefusal, findStatementRefusal } from './statement-refusal';

/** The source's catalogue and statistics are read again after so long: autovacuum's naptime. */
const captureAgeMs = 60_000;

const planRows = z.tuple([z.object({ 'QUERY PLAN': z.string() })]);

/** A plan in JSON is read by PG Insight's own reader, from its text. */
const asTexts = { getTypeParser: () => (value: string) => value };

/** What is known of a statement in the loaded database. */
interface KnownStatement {
  /** Of a statement with parameters and no values: PREPARE was sent under it. */
  prepared: string | null;
  before: Plan | null;
  refusal: string | null;
}

interface Loaded {
  database: SandboxDatabase;
  indexes: HypotheticalIndexes;
  statements: Map<string, KnownStatement>;
  capturedAt: number;
  preparedCount: number;
}

export class SandboxPlanner implements WhatIfPlanner {
  readonly engine = 'sandbox';
  readonly grade = 'planned';
  readonly #context: StatementContext;
  readonly #server: SandboxServer;
  readonly #signal: AbortSignal | undefined;
  readonly #facts = new Map<string, StatementFacts | null>();
  #loaded: Loaded | null = null;
  #callCount = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: StatementContext, server: SandboxServer, signal?: AbortSignal) {
    this.#context = context;
    this.#server = server;
    this.#signal = signal;
  }

  /** Statements that were planned, each with other indexes. */
  get callCount(): number {
    return this.#callCount;
  }

  /** How plans may differ from the source's for all statements, in words; null when nothing is known. */
  get difference(): string | null {
    return this.#loaded?.database.difference ?? null;
  }

  /** Requests run one after the other: the sandbox's files are shared by its connections. */
  plan(
    statements: readonly WhatIfStatement[],
    indexes: readonly HypotheticalIndex[],
    hidden: readonly ExistingIndexName[] = [],
  ): Promise<WhatIfAnswer> {
    const answer = this.#last.then(() => this.#plan(statements, indexes, hidden));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** Has the next request look at the source again. */
  refresh(): void {
    if (this.#loaded !== null) this.#loaded.capturedAt = -Infinity;
  }

  /** Removes the database; the server stays. One that has ended has taken the database with it. */
  async close(): Promise<void> {
    await this.#last;
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.database.close();
  }

  async #plan(
    statements: readonly WhatIfStatement[],
    indexes: readonly HypotheticalIndex[],
    hidden: readonly ExistingIndexName[],
  ): Promise<WhatIfAnswer> {
    try {
      const loaded = await this.#load(statements);
      await loaded.indexes.dropLeastRecent();
      const made: MadeIndex[] = [];
      for (const index of indexes) made.push(await this.#make(loaded, index));
      const hiddenOids: number[] = [];
      for (const name of hidden) hiddenOids.push(...(await loaded.indexes.findExisting(name)));
      for (const statement of statements) await this.#planBefore(loaded, statement);
      const results = await this.#planAfter(loaded, statements, { indexes, made, hiddenOids });
      return {
        results,
        indexSizesBytes: made.map(({ sizeBytes }) => sizeBytes),
      };
    } catch (error) {
      if (isDatabaseFailure(error)) throw error;
      throw this.#server.failure ?? toSandboxFailure(error);
    }
  }

  async #load(statements: readonly WhatIfStatement[]): Promise<Loaded> {
    this.#signal?.throwIfAborted();
    if (this.#context.facts.blockSizeBytes !== sandboxPageBytes) {
      throw new DatabaseFailure(
        'configuration',
        `The server's pages have ${this.#context.facts.blockSizeBytes} bytes, and those of the sandbox ${sandboxPageBytes}.`,
        'Advice from statistics is still there.',
      );
    }
    const { parser } = await this.#context.loadParser();
    const fresh = statements.filter(({ sql }) => !this.#facts.has(sql));
    for (const { sql } of fresh) {
      const reading = readStatement(parser, sql);
      this.#facts.set(sql, reading.understood ? reading.facts : null);
    }
    const current = this.#loaded;
    if (current !== null && fresh.length === 0 && performance.now() - current.capturedAt < captureAgeMs) return current;
    const capturedAt = performance.now();
    const captured = await captureDatabase(this.#context, this.#facts, this.#signal);
    const hash = current?.database.statisticsHash;
    if (current !== null && (await current.database.load(captured))) {
      current.capturedAt = capturedAt;
      if (current.database.statisticsHash === hash) return current;
      // relations were added, or what is known of them has changed: hypothetical indexes may have other sizes now
      for (const known of current.statements.values()) known.before = null;
      await current.indexes.drop();
      return current;
    }
    this.#loaded = null;
    await current?.database.close();
    const database = await SandboxDatabase.create(this.#server, captured);
    this.#loaded = {
      database,
      indexes: new HypotheticalIndexes(database),
      statements: new Map(),
      capturedAt,
      preparedCount: 0,
    };
    return this.#loaded;
  }

  /** Rejects with a failure of kind 'statement' for an index that the server would refuse too. */
  async #make({ indexes }: Loaded, index: HypotheticalIndex): Promise<MadeIndex> {
    try {
      return await indexes.make(index);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const keys = index.keys.join(', ');
      throw new DatabaseFailure(
        'statement',
        `An index on ${index.schema}.${index.table} (${keys}) can't be tried: ${error.message}.`,
        'Choose another index.',
        {},
        { cause: error },
      );
    }
  }

  /** Plans the statement as it is today, once; notes why not when it can't be. */
  async #planBefore(loaded: Loaded, statement: WhatIfStatement): Promise<void> {
    const key = toKey(statement);
    const known = loaded.statements.get(key);
    if (known !== undefined && (known.before !== null || known.refusal !== null)) return;
    const entry: KnownStatement = { prepared: null, before: null, refusal: null };
    loaded.statements.set(key, entry);
    const facts = this.#facts.get(statement.sql) ?? null;
    const { captured } = loaded.database;
    const roots = captured.roots.get(statement.sql);
    if (facts === null || roots === undefined) {
      entry.refusal = "PostgreSQL's grammar can't read the statement.";
      return;
    }
    const named = new Set(roots.relations);
    const refuse = (relations: readonly CapturedRelation[]) =>
      findRelationRefusal(captured, facts, relations, named) ??
      (loaded.database.sortsByBytes ? findOrderRefusal(captured, facts, relations, named) : null) ??
      relations.map(({ oid }) => loaded.database.findMissingPart(oid)).find((part) => part !== null) ??
      null;
    entry.refusal =
      findStatementRefusal(facts, roots.catalogueRelations) ??
      refuse(captured.relations.filter(({ oid }) => named.has(oid)));
    if (entry.refusal !== null) return;
    try {
      if (facts.parameterCount > 0 && !hasValues(statement)) {
        const name = `statement_${++loaded.preparedCount}`;
        await loaded.database.planner.query(`PREPARE ${name} AS ${statement.sql}`, []);
        entry.prepared = `${name}(${Array.from({ length: facts.parameterCount }, () => 'NULL').join(', ')})`;
      }
      const plan = await this.#explain(loaded, statement, entry);
      const scanned = captured.relations.filter(({ schema, name }) =>
        plan.nodes.some((node) => node.schema === schema && node.relation === name),
      );
      entry.refusal = refuse(scanned);
      entry.before = plan;
    } catch (error) {
      entry.refusal = describeError(error, loaded.database);
    }
  }

  async #planAfter(
    loaded: Loaded,
    statements: readonly WhatIfStatement[],
    request: {
      indexes: readonly HypotheticalIndex[];
      made: readonly MadeIndex[];
      hiddenOids: readonly number[];
    },
  ): Promise<WhatIfResult[]> {
    const { planner } = loaded.database;
    const shown = request.made.flatMap(({ oids }) => oids);
    const changesNothing = shown.length === 0 && request.hiddenOids.length === 0;
    let isSwitched = false;
    const results: WhatIfResult[] = [];
    try {
      for (const statement of statements) {
        const entry = loaded.statements.get(toKey(statement));
        if (entry === undefined || entry.before === null || entry.refusal !== null) {
          results.push(toUnsupported(statement.id, entry?.refusal ?? 'The statement could not be planned.'));
          continue;
        }
        if (changesNothing) {
          results.push(toResult(statement.id, entry.before, entry.before, request.made));
          continue;
        }
        if (!isSwitched) {
          await planner.query('BEGIN');
          isSwitched = true;
          await planner.query('SELECT "PG Insight".switch_indexes($1, $2)', [shown, request.hiddenOids]);
        }
        try {
          const after = await this.#explain(loaded, statement, entry);
          results.push(toResult(statement.id, entry.before, after, request.made));
        } catch (error) {
          results.push(toUnsupported(statement.id, describeError(error, loaded.database)));
          // the error has ended the transaction
          await planner.query('ROLLBACK');
          isSwitched = false;
        }
      }
    } finally {
      if (isSwitched) await planner.query('ROLLBACK');
    }
    return results;
  }

  /** EXPLAIN without ANALYZE is all that ever reaches the sandbox of a user's statement; one message is one statement. */
  async #explain(loaded: Loaded, statement: WhatIfStatement, { prepared }: KnownStatement): Promise<Plan> {
    this.#signal?.throwIfAborted();
    this.#callCount++;
    // switching an index does not tell the plans that are kept
    if (prepared !== null) await loaded.database.planner.query('DISCARD PLANS');
    const explained = prepared === null ? statement.sql : `EXECUTE ${prepared}`;
    const { rows } = await loaded.database.planner.query({
      text: `EXPLAIN (FORMAT JSON, VERBOSE) ${explained}`,
      values: prepared === null ? [...(statement.parameters ?? [])] : [],
      types: asTexts,
      queryMode: 'extended',
    } as { text: string; values: (string | null)[] });
    const [row] = planRows.parse(rows);
    return parsePlanJson(row['QUERY PLAN'], { planNumber: 1 });
  }
}

const hasValues = ({ parameters }: WhatIfStatement) => parameters !== undefined && parameters !== null;

const toKey = ({ sql, parameters }: WhatIfStatement) => JSON.stringify([sql, parameters ?? null]);

const costOf = (plan: Plan) => plan.nodes[0]?.totalCost ?? 0;

function toResult(statementId: string, planBefore: Plan, planAfter: Plan, made: readonly MadeIndex[]): WhatIfResult {
  const used = made.flatMap((each, position) =>
    planAfter.nodes.some(({ index }) => index !== null && each.names.has(index)) ? [position] : [],
  );
  return {
    ...{ statementId, planBefore, planAfter, used },
    costBefore: costOf(planBefore),
    costAfter: costOf(planAfter),
    unsupported: null,
  };
}

function toUnsupported(statementId: string, unsupported: string): WhatIfResult {
  return { statementId, costBefore: 0, costAfter: 0, used: [], planBefore: null, planAfter: null, unsupported };
}

/** An error of the server is about the statement; another one is about the sandbox and is thrown on. */
function describeError(error: unknown, database: SandboxDatabase): string {
  if (!isRefused(error)) throw error;
  const failures = database.describeFailures();
  return `The sandbox can't plan it: ${error.message}${failures === '' ? '.' : ` (${failures}).`}`;
}

function toSandboxFailure(error: unknown): DatabaseFailure {
  const reason = error instanceof Error ? error.message : String(error);
  return new DatabaseFailure(
    'other',
    `The planning sandbox failed: ${reason}.`,
    'Ask again; if it fails once more, advice from statistics is still there.',
    {},
    { cause: error },
  );
}
