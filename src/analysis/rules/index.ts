// The one ordered list of health rules; findings of equal severity are shown in this order.
import type { HealthRule } from '../rule';
import { cacheHitLow } from './cache-hit-low';
import { connectionsHigh } from './connections-high';
import { deadTuples } from './dead-tuples';
import { duplicateIndex } from './duplicate-index';
import { invalidIndex } from './invalid-index';
import { longTransaction } from './long-transaction';
import { noPrimaryKey } from './no-primary-key';
import { redundantIndex } from './redundant-index';
import { sequenceExhaustion } from './sequence-exhaustion';
import { slowStatement } from './slow-statement';
import { staleStatistics } from './stale-statistics';
import { statementsMissing } from './statements-missing';
import { unindexedForeignKey } from './unindexed-foreign-key';
import { unusedIndex } from './unused-index';
import { wraparound } from './wraparound';

export const healthRules: readonly HealthRule[] = [
  wraparound,
  sequenceExhaustion,
  connectionsHigh,
  longTransaction,
  invalidIndex,
  unindexedForeignKey,
  slowStatement,
  cacheHitLow,
  staleStatistics,
  deadTuples,
  duplicateIndex,
  redundantIndex,
  unusedIndex,
  noPrimaryKey,
  statementsMissing,
];
