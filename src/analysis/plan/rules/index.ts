// The one ordered list of plan rules; findings of equal weight are shown in this order.
import type { PlanRule } from '../plan-rule';
import { estimateOff } from './estimate-off';
import { hashBatches } from './hash-batches';
import { indexScanDiscardsRows } from './index-scan-discards-rows';
import { nestedLoopMisestimate } from './nested-loop-misestimate';
import { sequentialScanDiscardsRows } from './sequential-scan-discards-rows';
import { sortOnDisk } from './sort-on-disk';
import { topNSort } from './top-n-sort';

export const planRules: readonly PlanRule[] = [
  sequentialScanDiscardsRows,
  indexScanDiscardsRows,
  nestedLoopMisestimate,
  sortOnDisk,
  topNSort,
  hashBatches,
  estimateOff,
];
