// Builds an index on the user's server without blocking its writers. What it does is a list of statements that the user
// has agreed to; it is made again right before, and nothing is begun when it has changed.
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { describeFailedWork } from '../analysis/index-build/build-failure';
import type {
  IndexBuildOutcome,
  IndexBuildPlan,
  IndexBuildRequest,
  IndexConsent,
  IndexDropTarget,
  IndexLeftover,
  IndexRefusal,
  IndexStep,
} from '../analysis/index-build/index-build';
import { findBuildSteps, isWholeName, toNameKey, toNamePrefix } from '../analysis/index-build/index-steps';
import { quoteName, quoteQualifiedName } from '../analysis/sql/identifiers';
import {
  captureIndexStates,
  captureOpenTransactions,
  captureServerRefusal,
  checkAgreed,
  lookUnit,
  type IndexContext,
  type IndexRunOptions,
} from './index-build/index-context';
import { runSteps, type StepsEnd } from './index-build/run-steps';
import {
  indexedTablesQuery,
  indexTableQuery,
  takenNamesQuery,
  toIndexedTable,
  type IndexStateRow,
  type IndexTableRow,
} from './queries/index-build/index-build';
import { captureRows } from './queries/query';
import type { UnitOfWork } from './unit-of-work';

/** Looks only; what the confirmation shows. */
export async function prepareIndexBuild(
  context: IndexContext,
  request: IndexBuildRequest,
  signal?: AbortSignal,
): Promise<IndexBuildPlan> {
  return context.run(lookUnit(signal), (unit) => captureBuildPlan(unit, context, request));
}

async function captureBuildPlan(
  unit: UnitOfWork,
  context: IndexContext,
  { index, estimatedSizeBytes }: IndexBuildRequest,
): Promise<IndexBuildPlan> {
  const { facts, server, environment } = context;
  const [table] = await captureRows(unit, facts, indexTableQuery, [index.schema, index.table]);
  if (table === undefined) {
    throw new DatabaseFailure(
      'statement',
      `There is no table ${quoteQualifiedName(index.schema, index.table)} in database "${facts.database}" on ${server} any more.`,
      'Refresh the view and look again.',
    );
  }
  const rows = await captureRows(unit, facts, indexedTablesQuery, [table.oid]);
  const leaves = rows.filter(({ kind }) => kind !== 'p');
  const schemas = [...new Set(rows.map(({ schema }) => schema))];
  const taken = await captureRows(unit, facts, takenNamesQuery, [schemas, toNamePrefix(index.name)]);
  const [existing = null] = await captureIndexStates(unit, facts, [{ schema: index.schema, name: index.name }]);
  const counts = leaves.map(({ estimated_rows }) => estimated_rows);
  const tables = rows.map((row) => toIndexedTable(row, facts.blockSizeBytes));
  return {
    server,
    database: facts.database,
    environment,
    role: facts.role,
    index,
    estimatedSizeBytes,
    estimatedRows: counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    tableSizeBytes: tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    partitionCount: table.kind === 'p' ? leaves.length : 0,
    steps: findBuildSteps(index, tables, new Set(taken.map(toNameKey))),
    openTransactions: await captureOpenTransactions(
      unit,
      facts,
      'build',
      rows.map(({ oid }) => oid),
    ),
    refusal:
      (await captureServerRefusal(unit, context)) ??
      findTableRefusal(index, table, facts.role) ??
      findPartitionRefusal(rows) ??
      findNameRefusal(index.name, existing),
  };
}

function findTableRefusal(
  { schema, table: name }: IndexBuildRequest['index'],
  table: IndexTableRow,
  role: string,
): IndexRefusal | null {
  const shown = quoteQualifiedName(schema, name);
  if (!['r', 'p', 'm'].includes(table.kind) || table.is_system || table.persistence === 't') {
    return {
      reason: `${shown} is no ordinary, partitioned or materialized table of users`,
      nextStep: 'Choose the table that it reads from.',
    };
  }
  if (!table.is_owner) {
    return {
      reason: `only the owner of ${shown}, "${table.owner}", and its members may make an index on it, and role "${role}" is none`,
      nextStep: `Give the SQL to the owner, or connect as a member of "${table.owner}".`,
    };
  }
  if (!table.may_create) {
    return {
      reason: `role "${role}" may not CREATE in schema "${schema}"`,
      nextStep: `Have its owner run: GRANT CREATE ON SCHEMA ${quoteName(schema)} TO ${quoteName(role)};`,
    };
  }
  return null;
}

/** The index of a partitioned table can become valid only when every partition has one, and a foreign table can't. */
function findPartitionRefusal(rows: readonly { schema: string; name: string; kind: string }[]): IndexRefusal | null {
  const foreign = rows.find(({ kind }) => kind === 'f');
  if (foreign === undefined || rows.length === 1) return null;
  return {
    reason: `the partition ${quoteQualifiedName(foreign.schema, foreign.name)} is a foreign table, which can have no index, so this index could never become valid`,
    nextStep: 'Build indexes on the other partitions one by one.',
  };
}

function findNameRefusal(name: string, existing: IndexStateRow | null): IndexRefusal | null {
  if (!isWholeName(name)) {
    return {
      reason: `"${name}" is no name the server would keep: it is empty or longer than 63 bytes`,
      nextStep: 'Choose a shorter name.',
    };
  }
  if (existing === null) return null;
  const shown = quoteQualifiedName(existing.schema, existing.name);
  if (existing.is_valid !== false) {
    return { reason: `${shown} is there already`, nextStep: 'Choose another name, or use what is there.' };
  }
  return existing.busy_pid === null
    ? {
        reason: `an invalid index ${shown} is there already, left by a build that did not succeed`,
        nextStep: 'Drop it in the Indexes view when nobody needs it, or choose another name.',
      }
    : {
        reason: `an invalid index ${shown} is there already, and pid ${existing.busy_pid} may be building it right now`,
        nextStep: 'Wait until that is done, or choose another name.',
      };
}

/** Rejects when nothing was begun; afterwards a failure is an outcome that says what is left. */
export async function runIndexBuild(
  context: IndexContext,
  request: IndexBuildRequest,
  consent: IndexConsent,
  options: IndexRunOptions = {},
): Promise<IndexBuildOutcome> {
  const plan = await prepareIndexBuild(context, request, options.signal);
  checkAgreed(plan, consent);
  const start = performance.now();
  const end = await runSteps(context, plan.steps, options);
  const durationMs = performance.now() - start;
  let states: (IndexStateRow | null)[] | null = null;
  try {
    if (end.done || end.isOver) states = await captureMade(context, plan.steps);
  } catch {
    // the outcome says that PG Insight could not look
  }
  const root = states?.[0] ?? null;
  if (root?.is_valid === true && isOurs(root, 0, end)) {
    return {
      outcome: 'built',
      index: { schema: root.schema, name: root.name, oid: root.oid },
      definition: root.definition ?? '',
      sizeBytes: root.size_bytes,
      durationMs,
      undo: { indexes: [{ schema: root.schema, name: root.name, oid: root.oid, mustBeInvalid: false }] },
    };
  }
  const leftover: IndexLeftover = states === null ? { left: 'unknown' } : findLeftover(states, end);
  return { outcome: 'failed', leftover, failure: toBuildFailure(context, plan, end, leftover) };
}

/** What has the names of the indexes that the steps make; null in the place of other steps. */
async function captureMade(context: IndexContext, steps: readonly IndexStep[]): Promise<(IndexStateRow | null)[]> {
  const states = await context.run(lookUnit(undefined), (unit) =>
    captureIndexStates(
      unit,
      context.facts,
      steps.map(({ index }) => index),
    ),
  );
  return states.map((state, place) => (steps[place]?.sql.startsWith('CREATE') === true ? state : null));
}

/**
 * Ours for certain when its OID was seen while our own process built it. A build that fails at once is over before
 * anyone has looked: then it is ours when the name was free right before, ours was the statement that could take it, and
 * nobody else works on the table.
 */
function isOurs(state: IndexStateRow, place: number, end: StepsEnd): boolean {
  if (end.done) return true;
  const oid = end.oids.get(place);
  if (oid !== undefined) return oid === state.oid;
  return place === end.step && end.failure.details.code !== '42P07' && state.busy_pid === null;
}

function findLeftover(states: readonly (IndexStateRow | null)[], end: StepsEnd): IndexLeftover {
  const ours = states.flatMap((state, place) => (state !== null && isOurs(state, place, end) ? [state] : []));
  // those that are attached go with the one they are attached to; that one comes last
  const targets = ours.filter(({ attached_to }) => attached_to === null).reverse();
  if (targets.length === 0) return { left: 'nothing' };
  return {
    left: 'remainder',
    invalid: targets.map(({ schema, name }) => ({ schema, name })),
    cleanup: {
      indexes: targets.map(({ schema, name, oid, is_valid }): IndexDropTarget => ({
        schema,
        name,
        oid,
        mustBeInvalid: is_valid === false,
      })),
    },
  };
}

function toBuildFailure(
  { server, facts }: IndexContext,
  { steps }: IndexBuildPlan,
  end: StepsEnd,
  leftover: IndexLeftover,
): DatabaseFailure {
  const step = steps[end.done ? steps.length - 1 : end.step];
  if (step === undefined) throw new Error('A build has at least one step.');
  const failure = end.done
    ? new DatabaseFailure('other', 'the server has done every step, and the index is not there or not valid', '')
    : end.failure;
  return describeFailedWork({
    verb: 'build',
    server,
    database: facts.database,
    role: facts.role,
    step,
    failure,
    serverMessage: end.done ? null : end.said,
    leftover,
  });
}
