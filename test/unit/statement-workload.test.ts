import assert from 'node:assert/strict';
import { toStatementWorkload } from '../../src/analysis/statements/statement-workload';
import { makeStatement } from './make-statement';

describe('the workload of pg_stat_statements', () => {
  const rows = [
    makeStatement({ queryId: '1', text: 'VACUUM orders', totalExecMs: 900 }),
    makeStatement({ queryId: '2', text: 'CREATE INDEX ON orders (id)', totalExecMs: 800 }),
    makeStatement({ queryId: '3', text: 'SELECT * FROM orders WHERE id = $1', totalExecMs: 700 }),
    makeStatement({ queryId: null, text: null, totalExecMs: 600 }),
    makeStatement({ queryId: '4', text: 'SELECT * FROM orders WHERE total > $1', totalExecMs: 500 }),
    makeStatement({ queryId: '5', text: 'BEGIN', totalExecMs: 400 }),
    makeStatement({ queryId: '6', text: 'SELECT * FROM orders', totalExecMs: 300 }),
  ];
  const toWorkload = (limit: number) => toStatementWorkload(rows, { role: 'app', limit, timeoutMs: 1000 });
  const idsOf = (statements: readonly { id: string }[]) => statements.map(({ id }) => id);

  it('takes those with the most time, and keeps utility commands out of the limit', () => {
    const { statements, hidden, utilities, total, tools } = toWorkload(3);
    assert.deepEqual(idsOf(statements), ['3', '4']);
    assert.deepEqual(idsOf(hidden), ['hidden']);
    assert.deepEqual(idsOf(utilities), ['1', '2']);
    assert.deepEqual([total, tools], [4, 1]);
  });

  it('says why one can not be planned, and what lifts it', () => {
    const { hidden, utilities } = toWorkload(3);
    assert.match(utilities[0]?.reason ?? '', /^VACUUM is a utility command/);
    assert.equal(hidden[0]?.reason, 'The text is hidden from this role. GRANT pg_read_all_stats TO "app";');
  });

  it('tells no utility command that took less time than those it takes', () => {
    assert.deepEqual(
      idsOf(toStatementWorkload([...rows].reverse(), { role: 'app', limit: 1, timeoutMs: 1 }).utilities),
      ['1', '2'],
    );
    const late = [...rows.slice(2), makeStatement({ queryId: '7', text: 'VACUUM', totalExecMs: 1 })];
    assert.deepEqual(idsOf(toStatementWorkload(late, { role: 'app', limit: 1, timeoutMs: 1 }).utilities), []);
  });
});
