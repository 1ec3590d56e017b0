// What is asked for each index that could be dropped, with a planner that counts.
import assert from 'node:assert/strict';
import type { IndexSetStatement } from '../../../src/analysis/index-advice/find-index-set';
import type { AdviceIndex, AdviceTable } from '../../../src/analysis/index-advice/index-advice-facts';
import { findDropCandidates } from '../../../src/analysis/index-advice/selection/find-drop-candidates';
import type { WhatIfPlanner } from '../../../src/analysis/index-advice/what-if-planner';
import { parsePlanJson } from '../../../src/analysis/plan/parse-plan';
import { nodeJson, planText } from '../../factories/plan-json';

const indexOf = (name: string, more: Partial<AdviceIndex> = {}): AdviceIndex => ({
  ...{ schema: 'shop', name, method: 'btree', isValid: true, isNeeded: false, isUnique: false, sizeBytes: 8192 },
  ...{ scans: 0, included: [], predicate: null },
  keys: [{ column: 'a', descending: false, nullsFirst: false, isPlain: true, text: 'a', operatorClass: 'int4_ops' }],
  ...more,
});
const keysOf = (column: string | null) => indexOf('').keys.map((key) => ({ ...key, column }));

function tableOf(oid: number, indexes: readonly AdviceIndex[], isPartitioned = false): AdviceTable {
  return {
    ...{ oid, schema: 'shop', name: `table_${oid}`, pages: 1_000, rows: 1_000, isPartitioned, partitions: [] },
    ...{ refusal: null, allVisibleRatio: 1, writes: { inserted: 0, updated: 0, hotUpdated: 0, deleted: 0 } },
    ...{ columns: [], indexes },
  };
}

const planOf = (index: string | null) =>
  parsePlanJson(
    planText(
      nodeJson(index === null ? 'Seq Scan' : 'Index Scan', { fields: index === null ? {} : { 'Index Name': index } }),
    ),
  );

/** `using`: the index in its plan. */
function statementOf(id: string, using: string | null, table: AdviceTable, sql = id): IndexSetStatement {
  const settings = {
    ...{ seqPageCost: 1, randomPageCost: 4, cpuTupleCost: 0.01, cpuIndexTupleCost: 0.005, cpuOperatorCost: 0.0025 },
    ...{ effectiveCacheSizeBytes: 2 ** 32, blockSizeBytes: 8192, parallelLeaderParticipation: true },
  };
  const names = { volatileFunctions: [], immutableFunctions: [], trigramSchema: null, takenNames: [], role: 'app' };
  const facts = { settings, tables: [table], ...names };
  const planned = { plan: planOf(using), facts, targets: [], uses: [], updates: [] };
  return { id, sql, planned, calls: null, estimateFactor: null };
}

describe('indexes that could be dropped', () => {
  async function find(statements: readonly IndexSetStatement[], questionLimit = Infinity) {
    const questions: [ids: string, hidden: string][] = [];
    const planner: WhatIfPlanner = {
      ...{ engine: 'sandbox', grade: 'planned' },
      plan: (asked, _, hidden = []) => {
        questions.push([asked.map(({ id }) => id).join(), hidden.map(({ name }) => name).join()]);
        return Promise.resolve({
          results: asked.map(({ id }) => {
            const plan = statements.find((each) => each.id === id)?.planned.plan ?? null;
            const isHidden = plan?.nodes.some(({ index }) => hidden.some(({ name }) => name === index)) === true;
            return {
              ...{ statementId: id, costBefore: 10, costAfter: isHidden ? 500 : 10, used: [] },
              ...{ planBefore: plan, planAfter: plan, unsupported: id === 'broken' ? 'It is broken.' : null },
            };
          }),
          indexSizesBytes: [],
        });
      },
    };
    const drops = await findDropCandidates(planner, statements, [], () => questions.length >= questionLimit);
    return { questions, drops: drops.map(({ name, regressions }) => [name, regressions.map(({ id }) => id).join()]) };
  }

  it('are hidden from the statements that use them, and from no others', async () => {
    const table = tableOf(1, [indexOf('used'), indexOf('unused'), indexOf('key', { isNeeded: true })]);
    const other = tableOf(2, [indexOf('elsewhere')]);
    const { questions, drops } = await find([
      statementOf('a', 'used', table),
      statementOf('b', null, table),
      statementOf('c', 'key', table),
      statementOf('broken', 'used', table),
      statementOf('d', 'elsewhere', other),
    ]);
    assert.deepEqual(questions, [
      ['a,b,c,broken,d', ''],
      ['a', 'unused,used'],
      ['d', 'unused,elsewhere'],
    ]);
    assert.deepEqual(drops, [
      ['unused', ''],
      ['elsewhere', 'd'],
      ['used', 'a'],
    ]);
  });

  it('are hidden from all where plans may rest on their statistics, or name them otherwise', async () => {
    const table = tableOf(1, [indexOf('expression', { keys: keysOf(null) })]);
    const partitioned = tableOf(2, [indexOf('whole')], true);
    const { questions } = await find([
      statementOf('a', null, table),
      statementOf('b', 'whole_of_a_partition', partitioned),
      statementOf('c', null, partitioned),
    ]);
    assert.deepEqual(questions.slice(1), [
      ['a', 'expression'],
      ['b', 'expression,whole'],
    ]);
  });

  it('may go all together: of two that do the same one stays, that which is used more', async () => {
    const table = tableOf(1, [indexOf('busy', { scans: 9 }), indexOf('idle', { scans: 1 })]);
    const statement = statementOf('a', 'idle', table);
    const twins = new Set(['busy', 'idle']);
    const planner: WhatIfPlanner = {
      ...{ engine: 'sandbox', grade: 'planned' },
      plan: (asked, _, hidden = []) => {
        const cost = hidden.filter(({ name }) => twins.has(name)).length === 2 ? 500 : 10;
        const plans = { planBefore: planOf('idle'), planAfter: planOf('idle') };
        const results = asked.map(({ id }) => ({
          ...{ statementId: id, costBefore: 10, costAfter: cost, used: [], unsupported: null },
          ...plans,
        }));
        return Promise.resolve({ results, indexSizesBytes: [] });
      },
    };
    const drops = await findDropCandidates(planner, [statement], [], () => false);
    assert.deepEqual(
      drops.map(({ name, regressions }) => [name, regressions]),
      [
        ['idle', []],
        ['busy', [{ id: 'a', costBefore: 10, costAfter: 500 }]],
      ],
    );
  });

  it('are none of the catalogue, and none whose use depends on a value that is not known', async () => {
    const partial = indexOf('partial', { predicate: "(status = 'open'::text)" });
    const table = tableOf(1, [partial, indexOf('plain')]);
    const catalogue = { ...tableOf(2, [indexOf('pg_class_index')]), refusal: 'It takes none.' };
    const namesFor = async (sql: string) =>
      (await find([statementOf('a', null, table, sql), statementOf('b', null, catalogue)])).drops.map(([name]) => name);
    assert.deepEqual(await namesFor('SELECT * FROM table_1 WHERE status = $1'), ['plain']);
    assert.deepEqual(await namesFor("SELECT * FROM table_1 WHERE status = 'open'"), ['partial', 'plain']);
  });

  it('are looked at until the time is over', async () => {
    const table = tableOf(1, [indexOf('first'), indexOf('second')]);
    const statements = [statementOf('a', 'first', table), statementOf('b', 'second', table)];
    assert.deepEqual(await find(statements, 0), { questions: [], drops: [] });
    assert.deepEqual((await find(statements, 2)).drops, [['first', 'a']]);
    assert.deepEqual((await find([statementOf('a', null, tableOf(1, []))])).questions, []);
  });
});
