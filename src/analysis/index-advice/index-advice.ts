// Advice for one statement: candidates from its plan, each priced by a WhatIfPlanner, the one that pays chosen. Whoever
// implements the planner decides how good the evidence is; nothing here knows which one it is.
import type { ExplainRequest } from '../explain/explain';
import type { EvidenceGrade } from '../finding';
import { formatBytes, formatCompactCount, formatCount, formatRatio } from '../format/numbers';
import type { Plan } from '../plan/plan';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';
import { findRedundantIndexes } from './proposals/covering-index';
import type { AdviceTable } from './index-advice-facts';
import { findIndexCandidates, minimumScannedPages, type IndexCandidate } from './proposals/index-candidates';
import { makeIndexScript, TakenNames, type IndexScript } from './index-ddl';
import { parseIndexKey } from './proposals/index-key';
import type { IndexUsage } from './cost/index-usage';
import type { PlannedStatement } from './planned-statement';
import type { HypotheticalIndex, WhatIfPlanner, WhatIfStatement } from './what-if-planner';

/** Estimates are not good enough to tell a smaller gain from none. */
export const minimumSavedRatio = 0.1;
/** A longer index has to be cheaper by so much than a shorter one: its other columns cost space and writes. */
const worthwhileImprovement = 0.9;

export interface IndexRecommendation extends IndexScript {
  index: HypotheticalIndex;
  /** Null when it can't be told. */
  sizeBytes: number | null;
  evidence: EvidenceGrade;
  /** Planner's cost units of the whole statement. */
  costBefore: number;
  costAfter: number;
  /** Sentences. */
  why: readonly string[];
  /** Existing indexes, schema-qualified, that do nothing that the new one would not do. */
  makesRedundant: readonly string[];
  /** What keeping it up to date costs; null where nobody knows of any writes. */
  write: { cost: number; ratio: number } | null;
  /** Of the statement that gains most, with the index; null where the engine makes no plans. */
  planAfter: Plan | null;
}

export interface IndexAdvice {
  /** 'none': no index is known that would help. 'not-possible': it could not be looked into. */
  status: 'advice' | 'none' | 'not-possible';
  /** Why not, and what to do about it, in sentences; null unless it is not possible. */
  reason: string | null;
  recommendations: readonly IndexRecommendation[];
  /** Without running the statement; null when it could not be planned. */
  plan: Plan | null;
}

/** Advice, and who gave it. */
export interface EngineAdvice extends IndexAdvice {
  /** Null when no engine was asked: the statement could not be planned. */
  engine: WhatIfPlanner['engine'] | null;
  /** Why it was not a better engine, in sentences; null when there is nothing to say. */
  engineNote: string | null;
}

/** Planned, never run. `consent` is the user's word for a statement that even planning asks about. */
export type AdviceRequest = Pick<ExplainRequest, 'sql' | 'parameters' | 'consent' | 'timeoutMs'>;

export interface AdvisedStatement extends WhatIfStatement {
  planned: PlannedStatement;
}

export function toNotPossible(reason: string, plan: Plan | null = null): IndexAdvice {
  return { status: 'not-possible', reason, recommendations: [], plan };
}

export async function findIndexAdvice(
  statement: AdvisedStatement,
  planner: WhatIfPlanner,
  isAllowed: (index: HypotheticalIndex) => boolean = () => true,
): Promise<IndexAdvice> {
  const { planned } = statement;
  const { plan, facts } = planned;
  const candidates = findIndexCandidates(planned).filter(({ index }) => isAllowed(index));
  const best = await chooseCandidate(statement, candidates, planner);
  if (best === null) {
    const reason = describeUnknownTable(planned);
    return reason === null ? { status: 'none', reason, recommendations: [], plan } : toNotPossible(reason, plan);
  }
  const { candidate, costBefore, costAfter, sizeBytes } = best;
  const { table } = candidate.target;
  const unreadable = describeUnreadableStatistics(table, candidate.index.keys, facts.role);
  if (unreadable !== null) return toNotPossible(unreadable, plan);
  const redundant = findRedundantIndexes(table, candidate.keys).map(({ schema, name }) =>
    quoteQualifiedName(schema, name),
  );
  const recommendation: IndexRecommendation = {
    ...makeIndexScript(candidate.index, table, new TakenNames(facts.takenNames)),
    index: candidate.index,
    sizeBytes,
    evidence: planner.grade,
    costBefore,
    costAfter,
    why: [
      describeUsage(candidate.usage),
      `${gradeWords[planner.grade]} cost of the statement: ${formatCount(Math.round(costBefore))} → ` +
        `${formatCount(Math.round(costAfter))} (${formatRatio(1 - costAfter / costBefore)} less).`,
      ...describeBurden(sizeBytes, redundant),
    ],
    makesRedundant: redundant,
    write: null,
    planAfter: null,
  };
  return { status: 'advice', reason: null, recommendations: [recommendation], plan };
}

/** What the index takes and makes superfluous, whichever statements it serves. */
export function describeBurden(sizeBytes: number | null, redundant: readonly string[]): string[] {
  return [
    ...(sizeBytes === null
      ? []
      : [`The index takes about ${formatBytes(sizeBytes)}, and every write keeps it up to date.`]),
    ...(redundant.length === 0 ? [] : [`It makes ${redundant.join(', ')} redundant.`]),
  ];
}

const gradeWords: Readonly<Record<EvidenceGrade, string>> = {
  estimated: 'Estimated',
  planned: 'Planned',
  measured: 'Measured',
};

interface PricedCandidate {
  candidate: IndexCandidate;
  costBefore: number;
  costAfter: number;
  sizeBytes: number | null;
}

/** The cheapest; where a shorter index is nearly as good, that one. Null when none saves enough. */
async function chooseCandidate(
  { id, sql }: WhatIfStatement,
  candidates: readonly IndexCandidate[],
  planner: WhatIfPlanner,
): Promise<PricedCandidate | null> {
  const priced: PricedCandidate[] = [];
  for (const candidate of candidates) {
    const { results, indexSizesBytes } = await planner.plan([{ id, sql }], [candidate.index]);
    const [result] = results;
    if (result?.unsupported !== null || result.used.length === 0) continue;
    const { costBefore, costAfter } = result;
    if (costAfter > costBefore * (1 - minimumSavedRatio)) continue;
    priced.push({ candidate, costBefore, costAfter, sizeBytes: indexSizesBytes[0] ?? null });
  }
  const lowest = Math.min(...priced.map(({ costAfter }) => costAfter));
  const nearlyAsGood = priced.filter(({ costAfter }) => costAfter * worthwhileImprovement <= lowest);
  const [best = null] = nearlyAsGood.sort(
    (a, b) => a.candidate.keys.length - b.candidate.keys.length || a.costAfter - b.costAfter,
  );
  return best;
}

function describeUsage({ target, purpose, lookedUp, fetchedRows }: IndexUsage): string {
  const { table, tableRows, pages, times, sort, join } = target;
  const name = quoteQualifiedName(table.schema, table.name);
  const fetched = `about ${formatCompactCount(Math.max(1, Math.round(fetchedRows)))} of ${formatCompactCount(Math.round(tableRows))} rows`;
  const often = times > 1.5 ? `, about ${formatCompactCount(Math.round(times))} times` : '';
  const columns = lookedUp.map(quoteName).join(', ');
  const scan = `The sequential scan of ${name} reads ${formatCompactCount(pages)} pages${often}`;
  switch (purpose) {
    case 'filter':
      return `${scan}; by ${columns} an index finds ${fetched}.`;
    case 'join':
      return `${scan} to join ${formatCompactCount(Math.round(join?.otherRows ?? 0))} rows; by ${columns} an index finds ${fetched}.`;
    case 'sort': {
      const order = (sort?.keys ?? []).map(({ column }) => quoteName(column)).join(', ');
      const by = columns === '' ? '' : `, found by ${columns}`;
      return `${scan} and sorts by ${order}; an index has ${fetched} in this order${by}.`;
    }
  }
}

/** What the pick rests on: without these statistics there is no verdict. */
export function describeUnreadableStatistics(table: AdviceTable, keys: readonly string[], role: string): string | null {
  const name = quoteQualifiedName(table.schema, table.name);
  for (const key of keys) {
    const column = parseIndexKey(key)?.column ?? key;
    const missing = table.columns.find((each) => each.name === column)?.statisticsMissing;
    const which = `the statistics of ${name}.${quoteName(column)}`;
    switch (missing) {
      case 'not-permitted':
        return (
          `Role ${quoteName(role)} may not see ${which}, so no index is advised. ` +
          `It needs: GRANT SELECT ON ${name} TO ${quoteName(role)}`
        );
      case 'row-security':
        return `Row-level security hides ${which} from role ${quoteName(role)}, so no index is advised. Connect as the table's owner or as a role with BYPASSRLS.`;
      case 'not-analyzed':
        return `The server has not gathered ${which} yet, so no index is advised. Run: ANALYZE ${name}`;
      case null:
      case undefined:
    }
  }
  return null;
}

/** A table that was never analyzed has no size to go by, unless the plan says itself that it is small. */
export function describeUnknownTable({ facts, targets }: PlannedStatement): string | null {
  const unknown = targets.find(
    ({ relations, scanCost, times, table }) =>
      table.refusal === null &&
      // empty partitions are never analyzed
      relations.every(({ rows }) => rows === null) &&
      scanCost * times > minimumScannedPages * facts.settings.seqPageCost,
  );
  if (unknown === undefined) return null;
  const name = quoteQualifiedName(unknown.table.schema, unknown.table.name);
  return `The server has never gathered statistics of ${name}, so its indexes can't be judged. Run: ANALYZE ${name}`;
}
