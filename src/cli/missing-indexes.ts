// Looks for indexes that the statements of a snapshot lack, for the report.
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import { emptyAdvice, toMissingIndexes } from '../analysis/index-advice/missing-index-findings';
import type { ReportMissingIndexes } from '../analysis/report';
import type { Snapshot } from '../analysis/snapshot';
import { reportWorkloadOptions, toStatementWorkload } from '../analysis/statements/statement-workload';
import type { DatabaseConnection } from '../database/database-access';
import { loadAdviceEngine } from '../database/what-if/advice-on-demand';
import { toTerminalWords } from './terminal-words';

export interface MissingIndexOptions {
  /** Of --postgres; empty: PostgreSQL is looked for. */
  binaries: string;
  /** Told how many of how many statements have been looked at. */
  onProgress: (done: number, total: number) => void;
}

export async function captureMissingIndexes(
  connection: DatabaseConnection,
  { sections }: Snapshot,
  { binaries, onProgress }: MissingIndexOptions,
  signal: AbortSignal,
): Promise<ReportMissingIndexes> {
  if (sections.statements.status === 'unavailable') {
    const { message, nextStep } = sections.statements.reason;
    return { status: 'unavailable', message, nextStep };
  }
  const { limit, timeoutMs, deadlineMs } = reportWorkloadOptions;
  const { role } = connection.facts;
  const { statements, unsupported } = toStatementWorkload(sections.statements.rows, { role, limit, timeoutMs });
  if (statements.length === 0) return toMissingIndexes(emptyAdvice, unsupported);
  const { SandboxPool, makeChosenPlanner } = await loadAdviceEngine();
  const pool = new SandboxPool({ readBinariesSetting: () => binaries });
  try {
    const { use } = makeChosenPlanner({ engine: 'auto', pool });
    const options = { usePlanner: use, deadlineMs, findsDrops: false };
    const report = (done: number) => {
      onProgress(done, statements.length);
    };
    const advice = await connection.adviseWorkload(statements, report, signal, options);
    const { engineNote } = advice;
    return toMissingIndexes(
      { ...advice, engineNote: engineNote === null ? null : toTerminalWords(engineNote) },
      unsupported,
    );
  } catch (error) {
    if (!isDatabaseFailure(error) || error.kind === 'cancelled' || error.kind === 'connection-lost') throw error;
    return { status: 'unavailable', message: error.message, nextStep: error.nextStep };
  } finally {
    await pool.end();
  }
}
