import type { Plan } from '../../plan/plan';

/** No choice between plans hangs on fewer rows, however wrong their number is. */
const minimumRows = 100;

/** How far the planner's row estimates were off at worst, in a plan that was run; 1 or more, null where none can be judged. */
export function findEstimateFactor({ nodes }: Plan): number | null {
  const factors = nodes.flatMap(({ estimateFactor, plannedRows, actualRows, loops }) =>
    estimateFactor !== null && Math.max(plannedRows ?? 0, actualRows ?? 0) * (loops ?? 1) >= minimumRows
      ? [estimateFactor]
      : [],
  );
  return factors.length === 0 ? null : Math.max(...factors);
}
