// What advice promised of an index that was made from it, and what the server has counted since: scans, size and the mean
// times of the statements that it was made for.
import { countedDays } from '../counting-gaps';
import type { EvidenceGrade } from '../finding';
import { formatBytes, formatMs, formatQuantity } from '../format/numbers';
import { describeGain } from '../index-advice/text/describe-saving';
import type { Snapshot, SnapshotStatement } from '../snapshot';
import { toStatementKey } from '../statements/statement-key';
import { shortenStatement } from '../statements/statement-text';
import { findStatementWindow, toStatementCounts, type StatementCounts } from '../statements/statement-window';
import { groupBy } from '../group-by';
import { flattenIndexTree, type IndexNode } from './index-tree';

/** What was shown of the index before it was made. */
export interface IndexPrediction {
  evidence: EvidenceGrade;
  /** As they were shown: of the statement, or of a workload. */
  costBefore: number;
  costAfter: number;
  /** Null when it could not be told. */
  sizeBytes: number | null;
  /** Null when nobody knew of any writes. */
  write: { ratio: number } | null;
  /** The statements that were to gain, by `toStatementKey`. */
  statements: string[];
}

/** As it is kept. The index was new: it had no scan. */
export interface IndexPromise extends Omit<IndexPrediction, 'statements'> {
  /** ISO 8601, the server's clock: right after the index was made. */
  since: string;
  /** Of pg_stat_statements then, ISO 8601; null where the extension does not tell. */
  statisticsReset: string | null;
  statements: PromisedStatement[];
}

interface PromisedStatement {
  /** By `toStatementKey`. */
  key: string;
  /** What was counted of it then, of each role, without its text; null when nobody could look. */
  before: SnapshotStatement[] | null;
}

/** The rule unused-index waits as long: reports that run once a week use an index once a week. */
const neverPaidDays = 7;
/** What is kept is read with every start of the window: those that gain most tell enough, and a text of some pages is none to compare. */
const mostStatements = 5;
const longestKey = 4_000;
/** Counted for each role apart. Where each customer has one, that would be thousands of rows. */
const mostRoles = 20;
const shownLength = 60;
const msPerDay = 86_400_000;

type Figures = Pick<IndexPrediction, 'evidence' | 'costBefore' | 'costAfter' | 'sizeBytes' | 'write'>;

/** `statements` are texts, those that gain most first. */
export function toIndexPrediction(
  { evidence, costBefore, costAfter, sizeBytes, write }: Figures,
  statements: readonly string[],
): IndexPrediction {
  const keys = statements.map(toStatementKey).filter(({ length }) => length <= longestKey);
  return {
    ...{ evidence, costBefore, costAfter, sizeBytes },
    write: write === null ? null : { ratio: write.ratio },
    statements: [...new Set(keys)].slice(0, mostStatements),
  };
}

type StatementSections = 'statements' | 'statementStatistics';

/** `snapshot` is of right after the index was made. */
export function toIndexPromise(prediction: IndexPrediction, snapshot: Snapshot<StatementSections>): IndexPromise {
  const counts = toStatementCounts(snapshot);
  const byKey = counts === null ? null : groupByKey(counts);
  return {
    ...prediction,
    since: snapshot.capturedAt,
    statisticsReset: counts?.statisticsReset ?? null,
    statements: prediction.statements.map((key) => {
      const rows = byKey === null ? null : (byKey.get(key) ?? []);
      const isKept = rows !== null && rows.length <= mostRoles;
      return { key, before: isKept ? rows.map((row) => ({ ...row, text: null })) : null };
    }),
  };
}

function groupByKey({ statements }: StatementCounts): Map<string, SnapshotStatement[]> {
  return groupBy(statements, ({ text }) => (text === null ? '' : toStatementKey(text)));
}

/** `keep` are parts of a partitioned one that were there before: their scans are not its own. */
export interface KeptPromise {
  promise: IndexPromise;
  keep: readonly { oid: number }[];
}

type PromiseSections = StatementSections | 'databases';

/** Not one scan for long enough, on the server that it was made on, with counts that nobody has reset since. */
export function hasNeverPaid(kept: KeptPromise, node: IndexNode, snapshot: Snapshot<PromiseSections>): boolean {
  const { since } = kept.promise;
  const days = (Date.parse(snapshot.capturedAt) - Date.parse(since)) / msPerDay;
  return (
    days >= neverPaidDays &&
    countScans(kept, node) === 0 &&
    !snapshot.server.inRecovery &&
    isCountedSince(since, snapshot) === true
  );
}

/** Null when the server counts nothing. */
function countScans({ keep }: KeptPromise, node: IndexNode): number | null {
  let sum = 0;
  for (const { index } of flattenIndexTree([node])) {
    if (keep.some(({ oid }) => oid === index.oid)) continue;
    if (index.scans === null) return null;
    sum += index.scans;
  }
  return sum;
}

/** Null when nobody can tell. */
function isCountedSince(since: string, { sections: { databases } }: Snapshot<PromiseSections>): boolean | null {
  const days = databases.status === 'available' ? countedDays(databases.rows, since) : null;
  return days === null ? null : days >= 0;
}

/** "Promised: planned cost 48,210 → 12 (-99.9%), 21 MB. Since 2026-11-21: 1,204 scans, 20.8 MB, mean time of ..." */
export function describePromise(kept: KeptPromise, node: IndexNode, snapshot: Snapshot<PromiseSections>): string {
  const { promise } = kept;
  const counts = promise.statements.length === 0 ? null : toStatementCounts(snapshot);
  const now = counts === null ? null : { ...counts, byKey: groupByKey(counts) };
  const figures = [
    describeScans(countScans(kept, node), isCountedSince(promise.since, snapshot)),
    formatBytes(node.sizeBytes),
    ...promise.statements.map((statement) => describeTimes(promise, statement, now)),
  ];
  const verdict = hasNeverPaid(kept, node, snapshot)
    ? ' No scan has used it: it has never paid. Drop Index takes it away.'
    : '';
  return (
    `Promised: ${describeGain(promise.evidence, promise, promise)}. ` +
    `Since ${promise.since.slice(0, 10)}: ${figures.join(', ')}.${verdict}`
  );
}

function describeScans(scans: number | null, isCounted: boolean | null): string {
  if (scans === null) return 'scans not counted';
  return `${formatQuantity(scans, 'scan')}${isCounted === false ? ' (the statistics were reset in between)' : ''}`;
}

function describeTimes(
  { statements, statisticsReset }: IndexPromise,
  { key, before }: PromisedStatement,
  now: (StatementCounts & { byKey: Map<string, SnapshotStatement[]> }) | null,
): string {
  const name = statements.length === 1 ? 'the statement' : shortenStatement(key, shownLength);
  if (before === null || now === null) return `mean time of ${name} not known`;
  const window = findStatementWindow(
    { statements: before, statisticsReset },
    { ...now, statements: now.byKey.get(key) ?? [] },
  );
  const [meanBeforeMs, meanMs] = [before, window.statements].map(findMeanMs);
  if (meanMs === undefined || meanMs === null) return `no call of ${name} counted`;
  const from = meanBeforeMs === undefined || meanBeforeMs === null ? 'not counted' : formatMs(meanBeforeMs);
  return `mean time of ${name} ${from} → ${formatMs(meanMs)}`;
}

/** Null without a call. */
function findMeanMs(rows: readonly SnapshotStatement[]): number | null {
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  return calls === 0 ? null : rows.reduce((sum, row) => sum + row.totalExecMs, 0) / calls;
}
