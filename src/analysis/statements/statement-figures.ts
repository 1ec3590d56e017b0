// All figures of one statement in words: what its tooltip and the rows below it show.
import { formatBytes, formatCount, formatMs, formatRatio } from '../format/numbers';
import type { StatementEntry } from './statement-list';

export interface StatementFigure {
  label: string;
  value: string;
}

/** `isSinceMark`: least, most and spread are not counted for a part of the time. */
export function toStatementFigures(
  { statement, loadRatio, hitRatio, rowsPerCall }: StatementEntry,
  { blockSizeBytes, isSinceMark }: { blockSizeBytes: number; isSinceMark: boolean },
): StatementFigure[] {
  const toBytes = (blocks: number) => formatBytes(blocks * blockSizeBytes);
  const { sharedBlocksHit, sharedBlocksRead, tempBlocksRead, tempBlocksWritten, totalPlanMs, calls } = statement;
  const since = isSinceMark ? ' since the last reset' : '';
  return [
    { label: 'Total time', value: `${formatMs(statement.totalExecMs)} (${formatRatio(loadRatio)} of the load)` },
    { label: 'Mean time', value: formatMs(statement.meanExecMs) },
    {
      label: `Fastest, slowest${since}`,
      value: `${formatMs(statement.minExecMs)}, ${formatMs(statement.maxExecMs)}`,
    },
    { label: `Standard deviation${since}`, value: formatMs(statement.stddevExecMs) },
    { label: 'Calls', value: formatCount(calls) },
    { label: 'Rows', value: `${formatCount(statement.rows)} (${formatCount(rowsPerCall)} per call)` },
    {
      label: 'Hit ratio',
      value:
        hitRatio === null
          ? 'no blocks read'
          : `${formatRatio(hitRatio)} (${toBytes(sharedBlocksHit)} in shared buffers, ${toBytes(sharedBlocksRead)} read)`,
    },
    {
      label: 'Blocks changed',
      value: `${toBytes(statement.sharedBlocksDirtied)} dirtied, ${toBytes(statement.sharedBlocksWritten)} written`,
    },
    {
      label: 'Temporary files',
      value:
        tempBlocksRead + tempBlocksWritten === 0
          ? 'none'
          : `${toBytes(tempBlocksWritten)} written, ${toBytes(tempBlocksRead)} read`,
    },
    { label: 'WAL', value: formatBytes(statement.walBytes) },
    {
      label: 'Planning time',
      value:
        totalPlanMs === null
          ? 'not tracked (pg_stat_statements.track_planning is off)'
          : `${formatMs(totalPlanMs)} in all`,
    },
    { label: 'Role', value: statement.role ?? 'one that is gone' },
    ...(statement.isTopLevel === false ? [{ label: 'Run', value: 'from within a function or procedure' }] : []),
    { label: 'Query ID', value: statement.queryId ?? 'hidden from this role' },
  ];
}
