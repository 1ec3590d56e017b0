import assert from 'node:assert/strict';
import { formatAdviceText } from '../../../src/analysis/index-advice/text/advice-text';
import type { WorkloadAdvice, WorkloadStatementAdvice } from '../../../src/analysis/index-advice/workload-advice';

const statement = (id: string, costAfter: number): WorkloadStatementAdvice => ({
  ...{ id, sql: 'SELECT * FROM orders WHERE customer_id = $1', calls: 3 },
  ...{ costBefore: 1_000, costAfter, status: 'none', reason: null },
});

function write(statements: readonly WorkloadStatementAdvice[]): string[] {
  const advice: WorkloadAdvice = {
    ...{ engine: 'statistics', engineNote: null, whatIfCalls: 0, recommendations: [], redundant: [], drops: [] },
    ...{ statements, meanRatio: null, isComplete: true, budgetSteps: [] },
  };
  return formatAdviceText(advice, (text) => text).split('\n');
}

describe('advice in words', () => {
  it('says no index would help only where no cost falls', () => {
    const lines = write([statement('a.sql:1', 1_000), statement('a.sql:2', 10)]);
    assert.match(lines.find((line) => line.startsWith('a.sql:1')) ?? '', /no index is known that would help$/);
    assert.match(lines.find((line) => line.startsWith('a.sql:2')) ?? '', /an index for other statements helps$/);
  });

  it('shows the statement behind a query identifier, and a place in a file by itself', () => {
    const lines = write([statement('-8234', 1_000), statement('a.sql:1', 1_000)]);
    assert.ok(lines.some((line) => line.startsWith('-8234 SELECT * FROM orders WHERE customer_id = $1 ')));
    assert.ok(lines.some((line) => /^a\.sql:1 +3 /.test(line)));
  });
});
