// When autovacuum comes to a table because of its dead tuples: "vacuum threshold = vacuum base threshold + vacuum scale
// factor * number of tuples" (Routine Vacuuming, The Autovacuum Daemon), from 18 on never more than a greatest threshold.
// A table's own storage parameters come before the settings of the server.
import type { SnapshotSetting, SnapshotTable } from '../snapshot';

export interface VacuumTrigger {
  /** autovacuum_vacuum_threshold, tuples. */
  threshold: number;
  /** autovacuum_vacuum_scale_factor, of the rows that the planner knows of. */
  scaleFactor: number;
  /** Autovacuum comes when there are more. */
  deadTuples: number;
}

/** null where the role may not see the settings. */
export function findVacuumTrigger(
  { storageParameters, estimatedRows }: SnapshotTable,
  settings: readonly SnapshotSetting[],
): VacuumTrigger | null {
  const find = (name: string) => {
    const text = storageParameters[name] ?? settings.find((setting) => setting.name === name)?.setting;
    return text === undefined ? null : Number(text);
  };
  const threshold = find('autovacuum_vacuum_threshold');
  const scaleFactor = find('autovacuum_vacuum_scale_factor');
  if (threshold === null || scaleFactor === null) return null;
  // before 18 there is none, and -1 means none
  const greatest = find('autovacuum_vacuum_max_threshold') ?? -1;
  const deadTuples = threshold + scaleFactor * (estimatedRows ?? 0);
  return { threshold, scaleFactor, deadTuples: greatest < 0 ? deadTuples : Math.min(greatest, deadTuples) };
}
