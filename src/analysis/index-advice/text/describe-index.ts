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
import { minimumWriteRatio } from './describe-saving';
import type { ChosenIndex } from '../find-index-set';
import { toIndexClause } from '../../index-build/index-steps';

/** Reading the table and sorting it, on an ordinary disk and one core; a build CONCURRENTLY reads it twice. */
const builtBytesPerMs = 200_000;
const builtRowsPerMs = 700;
/** Named; more are counted. */
const namedReasons = 3;

export interface PlanChange {
  before: Plan | null;
  after: Plan | null;
}

export function estimateBuildMs({ rows, pages }: AdviceTable, blockSizeBytes: number): number {
  return (2 * pages * blockSizeBytes) / builtBytesPerMs + (rows ?? 0) / builtRowsPerMs;
}

/** How the table is read in a plan: "Bitmap Heap Scan on shop.orders o". */
function findAccess(plan: Plan | null, { schema, name }: AdviceTable): string | null {
  const node = plan?.nodes.find(
    (each) => each.type !== 'ModifyTable' && each.schema === schema && each.relation === name,
  );
  // what the planner calls an index that does not exist says nothing
  return node === undefined ? null : nodeLabel({ ...node, index: null });
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
  const [before, after] = [findAccess(change.before, table), findAccess(change.after, table)];
  if (before !== null && after !== null && before !== after) sentences.push(`${before} becomes ${after}.`);
  const build = formatMs(estimateBuildMs(table, blockSizeBytes));
  sentences.push(
    sizeBytes === null
      ? `Building it takes about ${build}.`
      : `It takes about ${formatBytes(sizeBytes)}, and about ${build} to build.`,
  );
  if (write.ratio !== null && write.ratio >= minimumWriteRatio) {
    const hot =
      write.lostHotUpdates < 1
        ? ''
        : `; ${formatCompactCount(Math.round(write.lostHotUpdates))} of ${formatCompactCount(table.writes.updated)} updates would not be HOT any more`;
    sentences.push(`Writing to the table becomes about ${formatRatio(write.ratio)} dearer${hot}.`);
  }
  if (isWorkload && unaffectedCount > 0) sentences.push(`${formatQuantity(unaffectedCount, 'statement')} unaffected.`);
  for (const loser of losers) {
    sentences.push(`${loser.id} becomes dearer: ${cost(loser.costBefore)} → ${cost(loser.costAfter)}.`);
  }
  for (const { proposed: rival, costAfter: rivalCost, sizeBytes: rivalSize } of alternatives) {
    const size = rivalSize === null ? '' : `, ${formatBytes(rivalSize)}`;
    sentences.push(
      `Instead of it, ${toIndexClause(rival.index).replace(/^USING btree /, '')} would cost ${cost(rivalCost)}${size}.`,
    );
  }
  return sentences;
}
