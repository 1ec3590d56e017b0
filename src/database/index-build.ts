// Builds an index on the user's server without blocking its writers. What it does is a list of statements that the user
// has agreed to; it is made again right before, and nothing is begun when it has changed.
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import {
  formatCreateIndex,
  type IndexBuildOutcome,
  type IndexBuildPlan,
  type IndexBuildRequest,
  type IndexConsent,
  type IndexDefinition,
  type IndexIdentity,
  type IndexLeftover,
  type IndexRefusal,
  type InvalidIndex,
} from '../analysis/index-build/index-build';
import {
  findAttached,
  findBuildSteps,
  isWholeName,
  toNameKey,
  toNamePrefix,
} from '../analysis/index-build/index-steps';
import { formatSteps } from '../analysis/index-build/format-index-build';
import { toIndexShape } from '../analysis/index-build/same-index';
import { toWholeDefinition } from '../analysis/indexes/index-shape';
import { quoteName, quoteQualifiedName } from '../analysis/sql/identifiers';
import { loadSqlParser } from '../analysis/sql/load-sql-parser';
import {
  captureIndexStates,
  captureOpenTransactions,
  captureServerRefusal,
  lookUnit,
  type IndexContext,
  type IndexRunOptions,
} from './index-build/index-context';
import {
  captureMade,
  isOurs,
  isWritten,
  runAgreed,
  toCleanupTargets,
  toNames,
  toRunFailure,
} from './index-build/run-agreed';
import type { StepsEnd } from './index-build/run-steps';
import {
  attachableIndexesQuery,
  indexedTablesQuery,
  indexTableQuery,
  invalidIndexesQuery,
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
  const counts = leaves.flatMap(({ estimated_rows: count }) => (count === null ? [] : [count]));
  const partitionOids = rows.flatMap(({ oid, parent_oid: parentOid }) => (parentOid === null ? [] : [oid]));
  const matching = await captureMatching(unit, context, index, partitionOids);
  const invalid = await captureInvalid(
    unit,
    context,
    index,
    rows.map(({ oid }) => oid),
  );
  const tables = rows.map((row) => toIndexedTable(row, facts.blockSizeBytes, matching.get(row.oid) ?? null));
  return {
    server,
    database: facts.database,
    environment,
    role: facts.role,
    index,
    estimatedSizeBytes,
    estimatedRows: counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0),
    uncountedPartitions: counts.length === 0 ? 0 : leaves.length - counts.length,
    tableSizeBytes: tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    partitionCount: table.kind === 'p' ? leaves.length : 0,
    attached: findAttached(tables),
    invalid,
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
      findNameRefusal(index.name, existing) ??
      findBusyRefusal(invalid),
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

/** Two builds of the same index at once: the second one would be one too many. */
function findBusyRefusal(invalid: readonly InvalidIndex[]): IndexRefusal | null {
  const busy = invalid.find(({ busyPid }) => busyPid !== null);
  if (busy === undefined) return null;
  return {
    reason: `the index ${quoteQualifiedName(busy.schema, busy.name)} has the same definition and is invalid, and pid ${busy.busyPid ?? ''} may be building it right now`,
    nextStep: 'Wait until that is done.',
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
  const { end, durationMs, seen } = await runAgreed(context, plan, consent, options, (unit) =>
    captureMade(unit, context, plan.steps),
  );
  const root = seen?.[0] ?? null;
  const keep = plan.attached.map(toIdentity);
  if (root?.is_valid === true && isOurs(root, 0, end)) {
    return {
      outcome: 'built',
      index: toIdentity(root),
      definition: toWholeDefinition(root.definition ?? ''),
      sizeBytes: root.size_bytes,
      durationMs,
      unfinishedSql: end.done ? '' : formatSteps({ steps: plan.steps.slice(end.step) }),
      undo: { indexes: [{ ...toIdentity(root), mustBeInvalid: false }], keep },
    };
  }
  const leftover: IndexLeftover = seen === null ? { left: 'unknown' } : findLeftover(seen, end, keep);
  return { outcome: 'failed', leftover, failure: toRunFailure(context, { verb: 'build', plan, end, leftover }) };
}

function findLeftover(made: readonly (IndexStateRow | null)[], end: StepsEnd, keep: IndexIdentity[]): IndexLeftover {
  const ours = made.flatMap((state, place) => (state !== null && isOurs(state, place, end) ? [state] : []));
  const indexes = toCleanupTargets(ours);
  if (indexes.length === 0) return { left: 'nothing' };
  return {
    left: 'remainder',
    invalid: toNames(indexes),
    isWritten: isWritten(ours),
    untouched: null,
    cleanup: { indexes, keep },
  };
}

function toIdentity({ schema, name, oid }: IndexIdentity): IndexIdentity {
  return { schema, name, oid };
}

/** What earlier builds of the same index have left, also under other names. */
async function captureInvalid(
  unit: UnitOfWork,
  { facts }: IndexContext,
  index: IndexDefinition,
  tableOids: readonly number[],
): Promise<InvalidIndex[]> {
  const names = await captureRows(unit, facts, invalidIndexesQuery, [tableOids]);
  if (names.length === 0) return [];
  const states = await captureIndexStates(unit, facts, names);
  const { parser } = await loadSqlParser();
  const wanted = toIndexShape(formatCreateIndex(index), parser);
  return states.flatMap((state) =>
    state === null || wanted === null || toIndexShape(state.definition ?? '', parser) !== wanted
      ? []
      : [{ ...toIdentity(state), table: state.table_name ?? '', busyPid: state.busy_pid }],
  );
}

/** Indexes of partitions that are the one to build, by the partition's OID; the oldest where there are several. */
async function captureMatching(
  unit: UnitOfWork,
  { facts }: IndexContext,
  index: IndexDefinition,
  partitionOids: readonly number[],
): Promise<Map<number, IndexIdentity>> {
  const matching = new Map<number, IndexIdentity>();
  if (partitionOids.length === 0) return matching;
  const found = await captureRows(unit, facts, attachableIndexesQuery, [partitionOids]);
  if (found.length === 0) return matching;
  const { parser } = await loadSqlParser();
  const wanted = toIndexShape(formatCreateIndex(index), parser);
  for (const each of found) {
    if (matching.has(each.table_oid) || wanted === null || toIndexShape(each.definition, parser) !== wanted) continue;
    matching.set(each.table_oid, toIdentity(each));
  }
  return matching;
}
