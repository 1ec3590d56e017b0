// Where a build is, from pg_stat_progress_create_index. The server counts within a phase and does not know how the phases
// compare, so a place on the whole way is given to each phase once and for all.
import type { IndexProgress, IndexStep } from './index-build';

/** A row of the server's progress view, or what stands for it before the build has begun. */
export type PhaseProgress = Pick<
  IndexProgress,
  'phase' | 'blocksDone' | 'blocksTotal' | 'tuplesDone' | 'tuplesTotal' | 'lockersDone' | 'lockersTotal'
>;

export const noPhase: PhaseProgress = {
  phase: null,
  blocksDone: 0,
  blocksTotal: 0,
  tuplesDone: 0,
  tuplesTotal: 0,
  lockersDone: 0,
  lockersTotal: 0,
};

/**
 * Begin and end of each phase on the way, by the beginning of its name ("building index: scanning table"). Reading the
 * table takes the largest part of a build, and it is read twice; B-trees alone name the phases between.
 * Names: https://www.postgresql.org/docs/current/progress-reporting.html#CREATE-INDEX-PHASES
 */
const placesOfPhases: readonly [string, number, number][] = [
  ['initializing', 0, 0],
  ['waiting for writers before build', 0, 0.02],
  ['building index: scanning table', 0.02, 0.4],
  ['building index: sorting', 0.4, 0.45],
  ['building index: loading', 0.45, 0.6],
  ['building index', 0.02, 0.6],
  ['waiting for writers before validation', 0.6, 0.62],
  ['index validation: scanning index', 0.62, 0.7],
  ['index validation: sorting', 0.7, 0.72],
  ['index validation: scanning table', 0.72, 0.97],
  ['waiting for old snapshots', 0.97, 1],
];

/** Share of the running phase, 0 to 1; null when the server counts nothing in it. */
export function findPhaseRatio(progress: PhaseProgress): number | null {
  const { phase, blocksDone, blocksTotal, tuplesDone, tuplesTotal, lockersDone, lockersTotal } = progress;
  const share = (done: number, total: number) => (total > 0 ? Math.min(1, done / total) : null);
  if (phase?.startsWith('waiting') === true) return share(lockersDone, lockersTotal);
  // the counts of an earlier phase stay in the view: the loading phase has the blocks of the scan beside its tuples
  return phase?.includes('loading tuples') === true ? share(tuplesDone, tuplesTotal) : share(blocksDone, blocksTotal);
}

/** 0 to 1 on the way of one build. */
export function findBuildRatio(progress: PhaseProgress): number {
  const { phase } = progress;
  if (phase === null) return 0;
  const [, begin, end] = placesOfPhases.find(([name]) => phase.startsWith(name)) ?? ['', 0, 0];
  return begin + (end - begin) * (findPhaseRatio(progress) ?? 0);
}

/** 0 to 1 on the way of all steps, each as long as its table is large. `done` counts the finished ones. */
export function findStepsRatio(steps: readonly IndexStep[], done: number, running: PhaseProgress): number {
  // a byte each, so that steps without a size move the bar too
  const lengths = steps.map(({ tableSizeBytes }) => tableSizeBytes + 1);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const length = sum(lengths);
  if (length === 0) return 1;
  return Math.min(1, (sum(lengths.slice(0, done)) + (lengths[done] ?? 0) * findBuildRatio(running)) / length);
}
