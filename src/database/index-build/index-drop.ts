// Drops indexes without blocking writers, and keeps what brings them back. Never one that a constraint, a replica identity
// or another index stands on.
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import { describeFailedWork } from '../../analysis/index-build/build-failure';
import {
  formatCreateIndex,
  type DroppedIndex,
  type IndexConsent,
  type IndexDropOutcome,
  type IndexDropPlan,
  type IndexDropRequest,
  type IndexDropTarget,
  type IndexLeftover,
  type IndexRefusal,
} from '../../analysis/index-build/index-build';
import { toDropStep } from '../../analysis/index-build/index-steps';
import { quoteName, quoteQualifiedName } from '../../analysis/sql/identifiers';
import { indexedTablesQuery, type IndexStateRow } from '../queries/index-build/index-build';
import { captureRows } from '../queries/query';
import type { UnitOfWork } from '../unit-of-work';
import {
  captureIndexStates,
  captureOpenTransactions,
  captureServerRefusal,
  checkAgreed,
  lookUnit,
  type IndexContext,
  type IndexRunOptions,
} from './index-context';
import { runSteps, type StepsEnd } from './run-steps';

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
  { indexes }: IndexDropRequest,
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
  const tableOids: number[] = [];
  for (const oid of new Set(found.flatMap(({ state }) => state.table_oid ?? []))) {
    tableOids.push(...(await captureRows(unit, facts, indexedTablesQuery, [oid])).map((table) => table.oid));
  }
  return {
    server,
    database: facts.database,
    environment,
    role: facts.role,
    indexes: found.map(({ state }) => toDroppedIndex(state, context)),
    steps: found.map(({ state }) =>
      toDropStep({
        schema: state.schema,
        name: state.name,
        table: state.table_name ?? '',
        isPartitioned: state.kind === 'I',
      }),
    ),
    openTransactions: await captureOpenTransactions(unit, facts, 'drop', tableOids),
    refusal: (await captureServerRefusal(unit, context)) ?? refusals.find((refusal) => refusal !== null) ?? null,
  };
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

function toDroppedIndex({ schema, name, oid, ...state }: IndexStateRow, context: IndexContext): DroppedIndex {
  const { definition, definition_begin: begin, table_name: table } = state;
  if (definition === null || begin === null || table === null || !definition.startsWith(begin)) {
    throw new DatabaseFailure(
      'other',
      `PG Insight can't take the definition of index ${quoteQualifiedName(schema, name)} in database "${context.facts.database}" on ${context.server} apart, so it could not be brought back: ${definition ?? ''}`,
      'Drop it by hand if you want to, and please report its definition.',
    );
  }
  const unique = state.is_unique === true;
  return {
    schema,
    name,
    oid,
    table,
    definition,
    isValid: state.is_valid === true,
    sizeBytes: state.size_bytes,
    scans: state.scans,
    undo: { schema, table, name, unique, clause: definition.slice(begin.length) },
    notRestored: findNotRestored(state),
  };
}

function findNotRestored(
  state: Pick<IndexStateRow, 'tablespace' | 'comment' | 'is_clustered' | 'has_statistics_target' | 'kind'>,
): string[] {
  return [
    ...(state.tablespace === null ? [] : [`Undo builds it in the default tablespace; it is in "${state.tablespace}".`]),
    ...(state.comment === null ? [] : ['Undo does not bring back its comment.']),
    ...(state.is_clustered === true ? ['Undo does not mark it for CLUSTER again.'] : []),
    ...(state.has_statistics_target ? ['Undo does not set the statistics targets of its expressions again.'] : []),
    ...(state.kind === 'I' ? ['Undo gives the indexes of the partitions new names.'] : []),
  ];
}

/** Rejects when nothing was begun; afterwards a failure is an outcome that says what is left. */
export async function runIndexDrop(
  context: IndexContext,
  request: IndexDropRequest,
  consent: IndexConsent,
  options: IndexRunOptions = {},
): Promise<IndexDropOutcome> {
  const plan = await prepareIndexDrop(context, request, options.signal);
  checkAgreed(plan, consent);
  const start = performance.now();
  const end = await runSteps(context, plan.steps, options);
  const durationMs = performance.now() - start;
  let leftover: IndexLeftover = { left: 'unknown' };
  try {
    if (end.done || end.isOver) leftover = await captureLeftover(context, plan);
  } catch {
    // the outcome says that PG Insight could not look
  }
  // a connection that was lost at the last moment does not bring an index back
  if (leftover.left === 'nothing') {
    const valid = plan.indexes.filter(({ isValid }) => isValid);
    const [first] = plan.indexes.length === 1 ? valid : [];
    return {
      outcome: 'dropped',
      indexes: plan.indexes,
      durationMs,
      undo: first === undefined ? null : { index: first.undo, estimatedSizeBytes: first.sizeBytes },
      undoSql: valid.map(({ undo }) => `${formatCreateIndex(undo, '')};\n`).join(''),
    };
  }
  return { outcome: 'failed', leftover, failure: toDropFailure(context, plan, end, leftover) };
}

async function captureLeftover(context: IndexContext, { indexes }: IndexDropPlan): Promise<IndexLeftover> {
  const states = await context.run(lookUnit(undefined), (unit) => captureIndexStates(unit, context.facts, indexes));
  const [first] = states.filter((state, place) => state !== null && state.oid === indexes[place]?.oid);
  if (first === undefined || first === null) return { left: 'nothing' };
  return { left: 'index', index: { schema: first.schema, name: first.name }, isValid: first.is_valid === true };
}

function toDropFailure(
  { server, facts }: IndexContext,
  { steps }: IndexDropPlan,
  end: StepsEnd,
  leftover: IndexLeftover,
): DatabaseFailure {
  const step = steps[end.done ? steps.length - 1 : end.step];
  if (step === undefined) throw new Error('A drop has at least one step.');
  return describeFailedWork({
    verb: 'drop',
    server,
    database: facts.database,
    role: facts.role,
    step,
    failure: end.done
      ? new DatabaseFailure('other', 'the server has done every step, and PG Insight could not look at the outcome', '')
      : end.failure,
    serverMessage: end.done ? null : end.said,
    leftover,
  });
}
