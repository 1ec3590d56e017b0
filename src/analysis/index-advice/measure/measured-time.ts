// How long a statement took, run several times, and whether two such times differ by more than chance.

export interface MeasuredTime {
  /** Execution time on the server in the order of the runs, the first one to warm the caches left out. */
  runsMs: readonly number[];
  medianMs: number;
  /** Half of the runs lie between these two. */
  lowMs: number;
  highMs: number;
  /** It was given up: the times are the limit, and the statement takes longer. */
  isCutOff: boolean;
}

export type TimeChange = 'faster' | 'slower' | 'same';

/** What a statement may become slower by, the goal that the advice is held to. */
const changedRatio = 0.05;
/** Scheduling and timers make as much of a difference; nobody waits for it. */
const changedMs = 0.05;

export function toMeasuredTime(runsMs: readonly number[]): MeasuredTime {
  const sorted = runsMs.toSorted((a, b) => a - b);
  const at = (ratio: number) => {
    const place = ratio * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { runsMs, medianMs: at(0.5), lowMs: at(0.25), highMs: at(0.75), isCutOff: false };
}

export function toCutOffTime(timeoutMs: number): MeasuredTime {
  return { ...toMeasuredTime([timeoutMs]), isCutOff: true };
}

/** The medians have to differ by 5 %, and the middle halves of the runs must not meet: what lies between is noise. */
export function compareTimes(before: MeasuredTime, after: MeasuredTime): TimeChange {
  if (before.isCutOff && after.isCutOff) return 'same';
  if (Math.abs(after.medianMs - before.medianMs) < changedMs) return 'same';
  if (after.medianMs > before.medianMs * (1 + changedRatio) && after.lowMs > before.highMs) return 'slower';
  if (after.medianMs < before.medianMs * (1 - changedRatio) && after.highMs < before.lowMs) return 'faster';
  return 'same';
}
