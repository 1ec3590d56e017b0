// Why an index was chosen, in sentences: what it serves, what the planner does with it, what it takes and what it costs,
// who loses, and what it was chosen over.
import {
  formatBytes,
  formatCompactCount,
  formatCount,
  formatMs,
  formatQuantity,
  formatRatio,
} from '../../format/numbers';
import type { Plan } from '../../plan/plan';
import { nodeLabel } from '../../plan/plan-tree';
import type { AdviceTable } from '../index-advice-facts';
import { describeWrites } from './describe-saving';
import type { ChosenIndex } from '../find-index-set';
import { nameHypotheticalIndexes } from '../name-hypothetical-indexes';
import { toIndexClause } from '../../index-build/index-steps';

/** Reading the table and sorting it, on an ordinary disk and one core; a build CONCURRENTLY reads it twice. */
const builtBytesPerMs = 200_000;
const builtRowsPerMs = 700;
/** Named; more are counted. */
const namedReasons = 3;

export interface PlanChange {
  before: Plan | null;
  after: Plan | null;
  /** What the new index would be called; null where others of its table are new in the plan, too. */
  name: string | null;
}

export function estimateBuildMs({ rows, pages }: AdviceTable, blockSizeBytes: number): number {
  return (2 * pages * blockSizeBytes) / builtBytesPerMs + (rows ?? 0) / builtRowsPerMs;
}

/** How the table is read in a plan: "Index Scan using orders_status_idx on shop.orders o". */
function findAccess(plan: Plan | null, { schema, name }: AdviceTable, indexName: string | null): string | null {
  const named = plan === null || indexName === null ? plan : nameHypotheticalIndexes(plan, indexName);
  const node = named?.nodes.find(
    (each) => each.type !== 'ModifyTable' && each.schema === schema && each.relation === name,
  );
  // what the planner makes up for an index says nothing
  return node === undefined ? null : nodeLabel(indexName === null ? { ...node, index: null } : node);
}

function nameSome(texts: readonly string[]): string {
  const named = texts.slice(0, namedReasons).join(', ');
  return texts.length > namedReasons ? `${named} and ${texts.length - namedReasons} more` : named;
}

export function describeChosenIndex(
  chosen: ChosenIndex,
  change: PlanChange,
  { isWorkload, blockSizeBytes }: { isWorkload: boolean; blockSizeBytes: number },
): string[] {
  const { proposed, sizeBytes, costBefore, costAfter, winners, losers, unaffectedCount, write, alternatives } = chosen;
  const { table, reasons } = proposed;
  const cost = (value: number) => formatCount(Math.round(value));
  const sentences = [`It serves ${nameSome(reasons)}.`];
  sentences.push(
    `Planned cost of ${isWorkload ? formatQuantity(winners.length, 'statement') : 'the statement'}: ` +
      `${cost(costBefore)} → ${cost(costAfter)} (${formatRatio(1 - costAfter / costBefore)} less).`,
  );
  for (const { index } of chosen.together) {
    sentences.push(`Only together with ${toIndexClause(index).replace(/^USING btree /, '')} on ${index.table}.`);
  }
  const before = findAccess(change.before, table, change.name);
  const after = findAccess(change.after, table, change.name);
  if (before !== null && after !== null && before !== after) sentences.push(`${before} becomes ${after}.`);
  const build = formatMs(estimateBuildMs(table, blockSizeBytes));
  sentences.push(
    sizeBytes === null
      ? `Building it takes about ${build}.`
      : `It takes about ${formatBytes(sizeBytes)}, and about ${build} to build.`,
  );
  const writes = describeWrites(write);
  if (writes !== null) {
    const hot =
      write.lostHotUpdates < 1
        ? ''
        : `; ${formatCompactCount(Math.round(write.lostHotUpdates))} of ${formatCompactCount(table.writes.updated)} updates would not be HOT any more`;
    sentences.push(`${writes}${hot}.`);
  }
  if (isWorkload && unaffectedCount > 0) sentences.push(`${formatQuantity(unaffectedCount, 'statement')} unaffected.`);
  for (const loser of losers) {
    sentences.push(`${loser.id} becomes dearer: ${cost(loser.costBefore)} → ${cost(loser.costAfter)}.`);
  }
  for (const { proposed: rival, costAfter: rivalCost, sizeBytes: rivalSize, missing } of alternatives) {
    const size = rivalSize === null ? '' : `, ${formatBytes(rivalSize)}`;
    sentences.push(
      `Instead of it, ${toIndexClause(rival.index).replace(/^USING btree /, '')} would cost ${cost(rivalCost)}${size}${
        // only where the sum does not say why it was not chosen
        missing === null || rivalCost > costAfter
          ? ''
          : `; ${isWorkload ? missing.id : 'the statement'} would take ${cost(missing.cost)} and not ${cost(missing.costChosen)}`
      }.`,
    );
  }
  return sentences;
}
