// Drops indexes without blocking writers, and keeps what brings them back. Never one that a constraint, a replica identity
// or another index stands on.
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import {
  formatCreateIndex,
  type DroppedIndex,
  type IndexBuildRequest,
  type IndexConsent,
  type IndexDefinition,
  type IndexDropOutcome,
  type IndexDropPlan,
  type IndexDropRequest,
  type IndexDropTarget,
  type IndexIdentity,
  type IndexLeftover,
  type IndexRefusal,
  type RebuiltIndex,
  type StartedIndexDrop,
  type StartedIndexDropState,
} from '../../analysis/index-build/index-build';
import {
  findRebuildSteps,
  toDropStep,
  toNameKey,
  toNamePrefix,
  toRenameSql,
  type KeptIndex,
  type RebuildSteps,
} from '../../analysis/index-build/index-steps';
import { addTablespace, toExtraStatements } from '../../analysis/indexes/index-extras';
import { quoteName, quoteQualifiedName } from '../../analysis/sql/identifiers';
import {
  indexedTablesQuery,
  indexPartsQuery,
  runningStatementQuery,
  takenNamesQuery,
  toExtras,
  type IndexStateRow,
} from '../queries/index-build/index-build';
import { captureRows } from '../queries/query';
import type { UnitOfWork } from '../unit-of-work';
import {
  captureIndexStates,
  captureOpenTransactions,
  captureServerRefusal,
  lookUnit,
  type IndexContext,
  type IndexRunOptions,
} from './index-context';
import { captureMade, isOurs, isWritten, runAgreed, toCleanupTargets, toNames, toRunFailure } from './run-agreed';
import type { StepsEnd } from './run-steps';

interface FoundIndex {
  target: IndexDropTarget;
  state: IndexStateRow;
}

/** Looks only; what the confirmation shows. */
export async function prepareIndexDrop(
  context: IndexContext,
  request: IndexDropRequest,
  signal?: AbortSignal,
): Promise<IndexDropPlan> {
  return context.run(lookUnit(signal), (unit) => captureDropPlan(unit, context, request));
}

async function captureDropPlan(
  unit: UnitOfWork,
  context: IndexContext,
  { indexes, keep }: IndexDropRequest,
): Promise<IndexDropPlan> {
  const { facts, server, environment } = context;
  const states = await captureIndexStates(unit, facts, indexes);
  const found = indexes.flatMap((target, place): FoundIndex[] => {
    const state = states[place] ?? null;
    return state !== null && state.oid === target.oid ? [{ target, state }] : [];
  });
  if (found.length === 0) {
    const names = indexes.map(({ schema, name }) => quoteQualifiedName(schema, name)).join(', ');
    throw new DatabaseFailure(
      'statement',
      `Index ${names} is gone from database "${facts.database}" on ${server}: someone has dropped, renamed or replaced it meanwhile. Nothing was changed.`,
      'Refresh the view and look again.',
    );
  }
  const refusals = found.map(({ target, state }) => findIndexRefusal(target, state, facts.role));
  // the index of a partitioned table goes with its parts, so readers of a single partition are in the way too
  const tableSizes = new Map<number, number>();
  for (const oid of new Set(found.flatMap(({ state }) => state.table_oid ?? []))) {
    for (const table of await captureRows(unit, facts, indexedTablesQuery, [oid])) {
      tableSizes.set(table.oid, Math.max(0, table.pages) * facts.blockSizeBytes);
    }
  }
  const kept = await captureKept(unit, context, found, new Set(keep.map(({ oid }) => oid)), tableSizes);
  const rebuild = findRebuildSteps(kept, await captureTakenNames(unit, context, kept));
  return {
    server,
    database: facts.database,
    environment,
    role: facts.role,
    indexes: await captureDropped(unit, context, found),
    rebuilt: kept.map((index) => toRebuiltIndex(index, rebuild)),
    steps: [
      ...rebuild.build,
      ...found.map(({ state }) =>
        toDropStep({
          schema: state.schema,
          name: state.name,
          table: state.table_name ?? '',
          isPartitioned: state.kind === 'I',
        }),
      ),
      ...rebuild.rename,
    ],
    openTransactions: await captureOpenTransactions(unit, facts, 'drop', [...tableSizes.keys()]),
    refusal: (await captureServerRefusal(unit, context)) ?? refusals.find((refusal) => refusal !== null) ?? null,
  };
}

/** The parts of what is dropped that are to stay, each with all that is below it. */
async function captureKept(
  unit: UnitOfWork,
  context: IndexContext,
  found: readonly FoundIndex[],
  keptOids: Set<number>,
  tableSizes: ReadonlyMap<number, number>,
): Promise<KeptIndex[]> {
  const kept: KeptIndex[] = [];
  for (const { state: whole } of found) {
    if (keptOids.size === 0 || whole.kind !== 'I') continue;
    // parents come first
    const parts = (await captureRows(unit, context.facts, indexPartsQuery, [whole.oid])).filter(
      ({ oid, parent_oid: parentOid }) => keptOids.has(oid) || (keptOids.has(parentOid) && keptOids.add(oid).size > 0),
    );
    const states = await captureIndexStates(unit, context.facts, parts);
    for (const [place, { oid, parent_oid: parentOid }] of parts.entries()) {
      const state = states[place] ?? null;
      if (state === null) continue;
      kept.push({
        ...toDefinition(state, context),
        oid,
        parentOid: keptOids.has(parentOid) ? parentOid : null,
        isPartitioned: state.kind === 'I',
        tableSizeBytes: tableSizes.get(state.table_oid ?? 0) ?? 0,
      });
    }
  }
  return kept;
}

/** Names that the new ones can't have until the old ones are gone. */
async function captureTakenNames(
  unit: UnitOfWork,
  { facts }: IndexContext,
  kept: readonly KeptIndex[],
): Promise<Set<string>> {
  const taken = new Set<string>();
  for (const index of kept) {
    const rows = await captureRows(unit, facts, takenNamesQuery, [[index.schema], toNamePrefix(index.name)]);
    for (const row of rows) taken.add(toNameKey(row));
  }
  return taken;
}

function toRebuiltIndex({ oid, schema, name, table }: KeptIndex, { interimNames }: RebuildSteps): RebuiltIndex {
  return { oid, schema, name, table, interim: interimNames.get(oid) ?? name };
}

function findIndexRefusal(target: IndexDropTarget, state: IndexStateRow, role: string): IndexRefusal | null {
  const shown = quoteQualifiedName(state.schema, state.name);
  if (!['i', 'I'].includes(state.kind) || /^(pg_catalog|pg_toast.*|information_schema)$/.test(state.schema)) {
    return { reason: `${shown} is no index of users`, nextStep: 'Leave it.' };
  }
  if (state.constraints.length > 0) {
    return {
      reason: `${shown} stands behind ${state.constraints.join(', ')}`,
      nextStep: 'Drop the constraint if it is not needed; the index goes with it.',
    };
  }
  if (state.is_replica_identity === true) {
    return {
      reason: `${shown} is the replica identity of its table: logical replication could not find updated rows without it`,
      nextStep: 'Choose another replica identity with ALTER TABLE ... REPLICA IDENTITY first.',
    };
  }
  if (state.attached_to !== null) {
    return {
      reason: `${shown} is a part of the index ${quoteName(state.attached_to)} of a partitioned table`,
      nextStep: 'Drop that one; its parts go with it.',
    };
  }
  if (state.extensions.length > 0) {
    return { reason: `${shown} belongs to extension ${state.extensions.join(', ')}`, nextStep: 'Leave it.' };
  }
  if (!state.is_owner) {
    return {
      reason: `only the owner of ${shown}, "${state.owner}", and its members may drop it, and role "${role}" is none`,
      nextStep: `Give the SQL to the owner, or connect as a member of "${state.owner}".`,
    };
  }
  if (target.mustBeInvalid && state.is_valid === true) {
    return { reason: `${shown} has become valid meanwhile`, nextStep: 'Leave it, or drop it in the Indexes view.' };
  }
  if (state.is_valid === false && state.busy_pid !== null) {
    return {
      reason: `${shown} is invalid, and pid ${state.busy_pid} may be building it right now`,
      nextStep: 'Wait until that is done, then look again.',
    };
  }
  return null;
}

/** With what brings each back, the indexes of partitions included. */
async function captureDropped(
  unit: UnitOfWork,
  context: IndexContext,
  found: readonly FoundIndex[],
): Promise<DroppedIndex[]> {
  const dropped: DroppedIndex[] = [];
  for (const { target, state } of found) {
    const { schema, name, oid } = state;
    const undo = target.before ?? toDefinition(state, context);
    if (target.before === undefined && state.kind === 'I') undo.parts = await captureParts(unit, context, oid);
    dropped.push({
      schema,
      name,
      oid,
      table: undo.table,
      definition: state.definition ?? '',
      isValid: state.is_valid === true,
      isMissed: state.is_valid === true || target.before !== undefined,
      sizeBytes: state.size_bytes,
      scans: state.scans,
      undo,
    });
  }
  return dropped;
}

/** Of the indexes of partitions, each with those below it. */
async function captureParts(unit: UnitOfWork, context: IndexContext, rootOid: number): Promise<IndexDefinition[]> {
  const parts = await captureRows(unit, context.facts, indexPartsQuery, [rootOid]);
  const states = await captureIndexStates(unit, context.facts, parts);
  const below = (parentOid: number): IndexDefinition[] =>
    parts.flatMap(({ oid, parent_oid: parent }, place) => {
      const state = states[place] ?? null;
      if (parent !== parentOid || state === null) return [];
      return [{ ...toDefinition(state, context), ...(state.kind === 'I' ? { parts: below(oid) } : {}) }];
    });
  return below(rootOid);
}

function toDefinition({ schema, name, ...state }: IndexStateRow, context: IndexContext): IndexDefinition {
  const { definition, definition_begin: begin, table_name: table } = state;
  if (definition === null || begin === null || table === null || !definition.startsWith(begin)) {
    throw new DatabaseFailure(
      'other',
      `PG Insight can't take the definition of index ${quoteQualifiedName(schema, name)} in database "${context.facts.database}" on ${context.server} apart, so it could not be brought back: ${definition ?? ''}`,
      'Drop it by hand if you want to, and please report its definition.',
    );
  }
  const clause = addTablespace(definition.slice(begin.length), state.tablespace);
  const extras = toExtras(state);
  const isPlain = extras.comment === null && !extras.isClustered && state.statistics_targets === null;
  return { schema, table, name, unique: state.is_unique === true, clause, ...(isPlain ? {} : { extras }) };
}

/** Rejects when nothing was begun; afterwards a failure is an outcome that says what is left. */
export async function runIndexDrop(
  context: IndexContext,
  request: IndexDropRequest,
  consent: IndexConsent,
  options: IndexRunOptions = {},
): Promise<IndexDropOutcome> {
  const plan = await prepareIndexDrop(context, request, options.signal);
  const { end, durationMs, seen } = await runAgreed(context, plan, consent, options, (unit) =>
    captureAfterDrop(unit, context, plan),
  );
  const leftover: IndexLeftover = seen === null ? { left: 'unknown' } : findLeftover(plan, end, seen);
  // a connection that was lost at the last moment does not bring an index back
  if (leftover.left === 'nothing') {
    return { outcome: 'dropped', indexes: plan.indexes, durationMs, ...toUndo(plan.indexes) };
  }
  return { outcome: 'failed', leftover, failure: toRunFailure(context, { verb: 'drop', plan, end, leftover }) };
}

/** To run by hand: of a partitioned table's index it makes the parts too, by new names. */
function formatUndo(undo: IndexDefinition): string {
  return [formatCreateIndex(undo, ''), ...(undo.extras === undefined ? [] : toExtraStatements(undo, undo.extras))]
    .map((sql) => `${sql};\n`)
    .join('');
}

function toUndo(indexes: readonly DroppedIndex[]): { undo: IndexBuildRequest | null; undoSql: string } {
  const missed = indexes.filter(({ isMissed }) => isMissed);
  const [first] = indexes.length === 1 ? missed : [];
  return {
    undo: first === undefined ? null : { index: first.undo, estimatedSizeBytes: first.sizeBytes },
    undoSql: missed.map(({ undo }) => formatUndo(undo)).join(''),
  };
}

/**
 * What became of a drop whose window went while it ran. The server goes on with the statement that it is at, which is
 * known by its text.
 */
export async function findStartedDrop(
  context: IndexContext,
  started: StartedIndexDrop,
  signal?: AbortSignal,
): Promise<StartedIndexDropState> {
  return context.run(lookUnit(signal), async (unit): Promise<StartedIndexDropState> => {
    const texts = started.steps.map(({ sql }) => sql);
    const [running] = await captureRows(unit, context.facts, runningStatementQuery, [texts]);
    if (running !== undefined) return { state: 'running', pid: running.pid };
    const seen = await captureAfterDrop(unit, context, started);
    // the names were free when it was begun, so what has one of them counts as its work
    const leftover = findLeftover(started, { done: true }, seen);
    if (leftover.left === 'nothing') return { state: 'dropped', ...toUndo(started.indexes) };
    return { state: 'left', leftover };
  });
}

interface AfterDrop {
  /** Of what was to be dropped. */
  remaining: IndexStateRow[];
  /** By the place of the step that made it; null where there is none, or that step makes none. */
  made: (IndexStateRow | null)[];
  /** OIDs of the old ones of those that were built anew, as far as they are there. */
  old: Set<number>;
}

async function captureAfterDrop(
  unit: UnitOfWork,
  context: IndexContext,
  { indexes, rebuilt, steps }: Pick<IndexDropPlan, 'indexes' | 'rebuilt' | 'steps'>,
): Promise<AfterDrop> {
  const captureSame = async (identities: readonly IndexIdentity[]) =>
    (await captureIndexStates(unit, context.facts, identities)).filter(
      (state, place): state is IndexStateRow => state !== null && state.oid === identities[place]?.oid,
    );
  return {
    remaining: await captureSame(indexes),
    made: await captureMade(unit, context, steps),
    old: new Set((await captureSame(rebuilt)).map(({ oid }) => oid)),
  };
}

function findLeftover(
  { rebuilt }: Pick<IndexDropPlan, 'rebuilt'>,
  end: StepsEnd,
  { remaining, made, old }: AfterDrop,
): IndexLeftover {
  const ours = made.flatMap((state, place) => {
    const of = state !== null && isOurs(state, place, end) ? rebuilt.find((each) => isInterim(each, state)) : undefined;
    return state === null || of === undefined ? [] : [{ state, of }];
  });
  // with the old one gone it is the only one: it has to get the name, and is never dropped
  const nameless = ours.filter(({ of }) => !old.has(of.oid));
  if (nameless.length > 0) {
    return {
      left: 'renames',
      sql: nameless.map(({ of: { schema, name, interim } }) => `${toRenameSql({ schema, interim, name })};`).join(' '),
    };
  }
  const [first] = remaining;
  const untouched = first === undefined ? null : { schema: first.schema, name: first.name };
  const states = ours.map(({ state }) => state);
  const targets = toCleanupTargets(states);
  if (targets.length > 0) {
    return {
      left: 'remainder',
      invalid: toNames(targets),
      isWritten: isWritten(states),
      untouched,
      cleanup: { indexes: targets, keep: [] },
    };
  }
  if (first === undefined || untouched === null) return { left: 'nothing' };
  return { left: 'index', index: untouched, isValid: first.is_valid === true, isWritten: isWritten(remaining) };
}

function isInterim({ schema, interim }: RebuiltIndex, state: IndexStateRow): boolean {
  return state.schema === schema && state.name === interim;
}
