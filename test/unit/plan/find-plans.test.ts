import assert from 'node:assert/strict';
import { findPlans, parseAnyPlan } from '../../../src/analysis/plan/parse-any-plan';
import { PlanReadError } from '../../../src/analysis/plan/parse-plan';
import { goldenPlanEntry, goldenPlanNames, goldenPlanText } from '../../factories/golden-plans';

const names = goldenPlanNames('18').slice(0, 6);

describe('the plans of a text', () => {
  it('in a log are those that are read one by one, each with its statement and its lines', () => {
    const entries = names.map((name) => goldenPlanEntry('18', name).trimEnd().replaceAll('\n', '\n\t'));
    const log = ['LOG:  checkpoint starting: time', ...entries, ''].join('\n');
    const plans = findPlans(log);
    assert.equal(plans.length, names.length);
    for (const [index, plan] of plans.entries()) {
      const read = parseAnyPlan(log, { planNumber: index + 1 });
      assert.deepEqual(plan.read(), read);
      assert.equal(plan.sql, read.fields['Query Text']);
      assert.equal(plan.rootType, read.nodes[0]?.type);
      const lines = log.split('\n').slice(plan.firstLine - 1, plan.lastLine);
      assert.equal(lines.join('\n').trimEnd(), `\t${entries[index]?.split('\n\t').slice(1).join('\n\t')}`);
      const [json] = JSON.parse(plan.json() ?? '') as [{ Plan: { 'Node Type': string } }];
      assert.equal(json.Plan['Node Type'], plan.rootType);
      assert.deepEqual(parseAnyPlan(plan.json() ?? '').nodes, read.nodes, 'its JSON is the same plan');
    }
  });

  it('in JSON have the text that the server printed', () => {
    const texts = names.map((name) => goldenPlanText('18', name).trim());
    const plans = findPlans(`${texts.join('\n\n')}\n`);
    assert.deepEqual(
      plans.map((plan) => plan.json()),
      texts,
    );
    assert.deepEqual(
      plans.map(({ executionMs }) => executionMs),
      texts.map((text) => parseAnyPlan(text).executionMs),
    );
  });

  it('that holds one alone is all of it, and one without any is refused', () => {
    const text = `\nQUERY PLAN\n----------\n Result  (cost=0.00..0.01 rows=1 width=4)\n(1 row)\n\n`;
    const [plan, ...others] = findPlans(text);
    assert.deepEqual([plan?.firstLine, plan?.lastLine, others], [1, text.split('\n').length, []]);
    for (const none of ['', ' \n', 'QUERY PLAN\n', 'nothing of the kind']) {
      assert.throws(() => findPlans(none), PlanReadError, JSON.stringify(none));
    }
  });

  it('that is nested deeper than JSON can be written is still read', () => {
    const depth = 20_000;
    const node = '{"Node Type":"Append","Plans":[';
    const text = `{"Plan":${node.repeat(depth)}{"Node Type":"Result"}${']}'.repeat(depth)}}`;
    const plans = findPlans(`[${text},${text}]`);
    assert.equal(plans[1]?.read().nodes.length, depth + 1);
    assert.doesNotThrow(() => plans[1]?.json());
  });
});
