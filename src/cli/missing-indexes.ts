// Looks for indexes that the statements of a snapshot lack, for the report.
import { findMissingIndexes, type AdviseForReport } from '../analysis/index-advice/missing-index-findings';
import type { ReportMissingIndexes } from '../analysis/report';
import type { Snapshot } from '../analysis/snapshot';
import type { DatabaseConnection } from '../database/database-access';
import { loadAdviceEngine } from '../database/what-if/advice-on-demand';
import { toTerminalWords } from './terminal-words';

export interface MissingIndexOptions {
  /** Of --postgres; empty: PostgreSQL is looked for. */
  binaries: string;
  /** Told how many of how many statements have been looked at. */
  onProgress: (done: number, total: number) => void;
}

export function captureMissingIndexes(
  connection: DatabaseConnection,
  snapshot: Snapshot,
  { binaries, onProgress }: MissingIndexOptions,
  signal: AbortSignal,
): Promise<ReportMissingIndexes> {
  const advise: AdviseForReport = async (statements, options) => {
    const { SandboxPool, makeChosenPlanner } = await loadAdviceEngine();
    const pool = new SandboxPool({ readBinariesSetting: () => binaries });
    try {
      const { use } = makeChosenPlanner({ engine: 'auto', pool });
      const report = (done: number) => {
        onProgress(done, statements.length);
      };
      const advice = await connection.adviseWorkload(statements, report, signal, { ...options, usePlanner: use });
      const { engineNote } = advice;
      return { ...advice, engineNote: engineNote === null ? null : toTerminalWords(engineNote) };
    } finally {
      await pool.end();
    }
  };
  return findMissingIndexes(
    snapshot,
    connection.facts.role,
    advise,
    ({ kind }) => kind === 'cancelled' || kind === 'connection-lost',
  );
}
