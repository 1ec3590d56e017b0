// The one ordered list of plan rules; findings of equal weight are shown in this order.
import type { PlanRule } from '../plan-rule';
import { cartesianProduct } from './cartesian-product';
import { coldCache } from './cold-cache';
import { correlatedSubplan } from './correlated-subplan';
import { cteFence } from './cte-fence';
import { dirtiedBySelect } from './dirtied-by-select';
import { disabledNode } from './disabled-node';
import { estimateOff } from './estimate-off';
import { foreignKeyWithoutIndex } from './foreign-key-without-index';
import { functionOnColumn } from './function-on-column';
import { hashAggregateSpill } from './hash-aggregate-spill';
import { hashBatches } from './hash-batches';
import { heapFetches } from './heap-fetches';
import { implicitCast } from './implicit-cast';
import { indexScanDiscardsRows } from './index-scan-discards-rows';
import { jitOverhead } from './jit-overhead';
import { joinFilter } from './join-filter';
import { largeOffset } from './large-offset';
import { lossyBitmap } from './lossy-bitmap';
import { manyIndexSearches } from './many-index-searches';
import { materializeRescans } from './materialize-rescans';
import { memoizeThrash } from './memoize-thrash';
import { nestedLoopMisestimate } from './nested-loop-misestimate';
import { notInNotHashed } from './not-in-not-hashed';
import { orAcrossTables } from './or-across-tables';
import { orderByLimitIndex } from './order-by-limit-index';
import { parallelOverhead } from './parallel-overhead';
import { partitionsNotPruned } from './partitions-not-pruned';
import { partitionsPrunedLate } from './partitions-pruned-late';
import { planningDominates } from './planning-dominates';
import { sequentialScanDiscardsRows } from './sequential-scan-discards-rows';
import { serialization } from './serialization';
import { slowStartUnexplained } from './slow-start-unexplained';
import { sortOnDisk } from './sort-on-disk';
import { tempIo } from './temp-io';
import { topNSort } from './top-n-sort';
import { userTrigger } from './user-trigger';
import { wideRows } from './wide-rows';
import { workerSkew } from './worker-skew';
import { workersNotLaunched } from './workers-not-launched';

export const planRules: readonly PlanRule[] = [
  sequentialScanDiscardsRows,
  indexScanDiscardsRows,
  orderByLimitIndex,
  functionOnColumn,
  implicitCast,
  partitionsNotPruned,
  nestedLoopMisestimate,
  correlatedSubplan,
  notInNotHashed,
  joinFilter,
  orAcrossTables,
  cartesianProduct,
  materializeRescans,
  cteFence,
  sortOnDisk,
  topNSort,
  hashBatches,
  hashAggregateSpill,
  memoizeThrash,
  lossyBitmap,
  tempIo,
  heapFetches,
  largeOffset,
  manyIndexSearches,
  wideRows,
  foreignKeyWithoutIndex,
  userTrigger,
  jitOverhead,
  serialization,
  planningDominates,
  partitionsPrunedLate,
  workersNotLaunched,
  parallelOverhead,
  workerSkew,
  estimateOff,
  coldCache,
  dirtiedBySelect,
  disabledNode,
  slowStartUnexplained,
];
