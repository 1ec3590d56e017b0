// What building and dropping have in common: agree, run, time, and look at what has become of it.
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import { describeFailedWork } from '../../analysis/index-build/build-failure';
import type {
  IndexConsent,
  IndexDropTarget,
  IndexLeftover,
  IndexPlan,
  IndexStep,
  RelationName,
} from '../../analysis/index-build/index-build';
import type { IndexStateRow } from '../queries/index-build/index-build';
import type { UnitOfWork } from '../unit-of-work';
import { captureIndexStates, checkAgreed, lookUnit, type IndexContext, type IndexRunOptions } from './index-context';
import { runSteps, type StepsEnd } from './run-steps';

export interface IndexRun<Seen> {
  end: StepsEnd;
  durationMs: number;
  /** What is there afterwards; null when PG Insight could not look. */
  seen: Seen | null;
}

/** Rejects when nothing was begun. `plan` was made right before: what the user has agreed to may have changed. */
export async function runAgreed<Seen>(
  context: IndexContext,
  plan: IndexPlan,
  consent: IndexConsent,
  options: IndexRunOptions,
  look: (unit: UnitOfWork) => Promise<Seen>,
): Promise<IndexRun<Seen>> {
  checkAgreed(plan, consent);
  const start = performance.now();
  const end = await runSteps(context, plan.steps, options);
  const durationMs = performance.now() - start;
  let seen: Seen | null = null;
  try {
    if (end.done || end.isOver) seen = await context.run(lookUnit(undefined), look);
  } catch {
    // the outcome says that PG Insight could not look
  }
  return { end, durationMs, seen };
}

/** What has the names of the indexes that the steps make; null in the place of other steps. */
export async function captureMade(
  unit: UnitOfWork,
  { facts }: IndexContext,
  steps: readonly IndexStep[],
): Promise<(IndexStateRow | null)[]> {
  const states = await captureIndexStates(
    unit,
    facts,
    steps.map(({ index }) => index),
  );
  return states.map((state, place) => (steps[place]?.sql.startsWith('CREATE') === true ? state : null));
}

/**
 * Ours for certain when its OID was seen while our own process built it. A build that fails at once is over before
 * anyone has looked: then it is ours when the name was free right before, ours was the statement that could take it, and
 * nobody else works on the table.
 */
export function isOurs(state: IndexStateRow, place: number, end: StepsEnd): boolean {
  if (end.done) return true;
  const oid = end.oids.get(place);
  if (oid !== undefined) return oid === state.oid;
  return place === end.step && end.failure.details.code !== '42P07' && state.busy_pid === null;
}

/** Those that are to be dropped: the attached ones go with the one they are attached to, and that one comes last. */
export function toCleanupTargets(ours: readonly IndexStateRow[]): IndexDropTarget[] {
  return ours
    .filter(({ attached_to }) => attached_to === null)
    .map(({ schema, name, oid, is_valid }) => ({ schema, name, oid, mustBeInvalid: is_valid === false }))
    .reverse();
}

/** Whether writes keep any of them up. */
export function isWritten(states: readonly IndexStateRow[]): boolean {
  return states.some(({ is_written: each }) => each === true);
}

export function toNames(targets: readonly RelationName[]): RelationName[] {
  return targets.map(({ schema, name }) => ({ schema, name }));
}

export function toRunFailure(
  { server, facts }: IndexContext,
  { verb, plan, end, leftover }: { verb: 'build' | 'drop'; plan: IndexPlan; end: StepsEnd; leftover: IndexLeftover },
): DatabaseFailure {
  const step = plan.steps[end.done ? plan.steps.length - 1 : end.step];
  if (step === undefined) throw new Error('Work on an index has at least one step.');
  const trouble = verb === 'build' ? 'the index is not there or not valid' : 'PG Insight could not look at the outcome';
  return describeFailedWork({
    verb,
    server,
    database: facts.database,
    role: facts.role,
    step,
    failure: end.done
      ? new DatabaseFailure('other', `the server has done every step, and ${trouble}`, '')
      : end.failure,
    serverMessage: end.done ? null : end.said,
    leftover,
  });
}
