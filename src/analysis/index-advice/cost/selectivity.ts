// What share of a table's rows a condition keeps: the plan's own estimate where it says so, and where it does not say it for
// one condition alone, what the planner would assume from the same statistics (selfuncs.c of the server).
import type { AdviceColumn } from '../index-advice-facts';
import type { ColumnCondition } from '../proposals/plan-conditions';

/** DEFAULT_EQ_SEL: what the planner assumes of `=` without statistics. */
const equalityWithoutStatistics = 0.005;
/** DEFAULT_INEQ_SEL and DEFAULT_RANGE_INEQ_SEL: a bound with an unknown value, and two of them on one column. */
const oneBound = 1 / 3;
const twoBounds = 0.005;

/** Share of rows whose column has one of the values, 0 to 1. */
export function estimateEquality({ statistics }: AdviceColumn, { operator, value }: ColumnCondition): number {
  if (statistics === null) return Math.min(1, equalityWithoutStatistics * value.count);
  const { nullRatio, distinct, mostCommon } = statistics;
  if (operator === 'is-null') return nullRatio;
  const average = (1 - nullRatio) / Math.max(1, distinct);
  if (value.constants === null) return Math.min(1, average * value.count);
  const commonRatio = mostCommon.reduce((sum, { frequency }) => sum + frequency, 0);
  // a value that is not among the most common ones shares the rest with all the others
  const rare = Math.max(0, 1 - nullRatio - commonRatio) / Math.max(1, distinct - mostCommon.length);
  const ratio = value.constants.reduce(
    (sum, constant) => sum + (mostCommon.find((each) => each.value === constant)?.frequency ?? rare),
    0,
  );
  return Math.min(1, ratio);
}

export interface SelectivityQuestion {
  /** Of all conditions together, by the plan. */
  planned: number;
  /** Conditions that an index would look up by, equalities and is-null. */
  equalities: readonly number[];
  /** Bounds on the column behind them. */
  bounds: readonly ColumnCondition[];
  /** Equalities that the index leaves to a filter. */
  leftEqualities: readonly number[];
  /** True when there are other conditions too, of which nothing is known. */
  hasOthers: boolean;
}

const product = (ratios: readonly number[]) => ratios.reduce((result, ratio) => result * ratio, 1);

/** Share of rows that a scan of the index reads. Never less than the plan says is kept. */
export function estimateIndexSelectivity(question: SelectivityQuestion): number {
  const { planned, equalities, bounds, leftEqualities, hasOthers } = question;
  if (leftEqualities.length === 0 && !hasOthers) return planned;
  const looked = product(equalities);
  if (bounds.length === 0) return Math.min(1, Math.max(planned, looked));
  const known = Math.max(looked * product(leftEqualities), Number.MIN_VALUE);
  const rest = Math.min(1, planned / known);
  const isClosed = new Set(bounds.map(({ operator }) => operator)).size > 1;
  const ranged = hasOthers ? Math.max(rest, isClosed ? twoBounds : oneBound) : rest;
  return Math.min(1, Math.max(planned, looked * ranged));
}
