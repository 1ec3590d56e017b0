// The pure parts of the plan view; what it looks like and does is tested in a browser.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Finding } from '../../../src/analysis/finding';
import { measureSelfCosts } from '../../../src/analysis/plan/plan-tree';
import { chooseNodePx, describeEstimate, toColumns } from '../../../src/webviews/app/columns';
import { formatField, toFieldGroups, toObjectLines } from '../../../src/webviews/app/field-groups';
import { toJsonLines, toJsonTokens } from '../../../src/webviews/app/json-text';
import { toTimeSegments } from '../../../src/webviews/app/time-segments';
import { ancestorsOf, findHottest, findMatches, toTreeRows } from '../../../src/webviews/app/tree-model';
import { findingsByNode, worstOf } from '../../../src/webviews/app/severity';
import { newViewState, parseViewState, shapeOf } from '../../../src/webviews/app/view-state';
import { planDocumentSchema, planViewRequestSchema } from '../../../src/webviews/protocol';
import { formatWebviewPage } from '../../../src/webviews/webview-page';
import { goldenPlan, goldenPlanNames, goldenPlanText } from '../../factories/golden-plans';

describe('the plan view’s parts', () => {
  const plan = goldenPlan('18', 'parallel-hash-join');

  it('rows: every node once, below its parent, whatever the plan', () => {
    for (const name of goldenPlanNames('18')) {
      const { nodes } = goldenPlan('18', name);
      const rows = toTreeRows(nodes, new Set(), null);
      assert.deepEqual(
        rows.map(({ node }) => node.id).sort((a, b) => a - b),
        nodes.map(({ id }) => id),
      );
      for (const { node, level } of rows) assert.equal(level, ancestorsOf(nodes, node.id).length + 1);
    }
  });

  it('rows: a closed node hides what is below it, and a filter shows what leads to its matches', () => {
    const closed = toTreeRows(plan.nodes, new Set([1]), null);
    assert.deepEqual(
      closed.map(({ node, expanded }) => [node.id, expanded]),
      [
        [0, true],
        [1, false],
      ],
    );
    const matches = findMatches(plan.nodes, ' ITEMS ');
    assert.ok(matches !== null && matches.size > 0);
    const filtered = toTreeRows(plan.nodes, new Set([1]), matches);
    for (const { node, matches: isMatch } of filtered) assert.equal(isMatch, matches.has(node.id));
    assert.equal(filtered[0]?.node.id, 0);
    assert.equal(findMatches(plan.nodes, '  '), null);
  });

  it('rows: the hottest is by self time, or without times by what a node adds to the cost', () => {
    const hottest = findHottest(plan.nodes);
    assert.equal(hottest?.selfMs, Math.max(...plan.nodes.map(({ selfMs }) => selfMs ?? 0)));
    const untimed = plan.nodes.map((node) => ({ ...node, selfMs: null }));
    assert.ok(findHottest(untimed) !== null);
    assert.equal(findHottest([]), null);
  });

  it('columns: names have what the others leave, or their share of a narrow view', () => {
    const all = toColumns(plan);
    const othersPx = all.reduce((sum, { widthPx }) => sum + widthPx, 0);
    assert.equal(chooseNodePx(all, othersPx + 900, 800), 800);
    assert.equal(chooseNodePx(all, 1000, 800), 420);
    assert.equal(chooseNodePx(all, 1000, 300), 300);
    assert.equal(chooseNodePx(all, 300, 800), chooseNodePx(all, 100, 800));
  });

  it('estimates: say which way and how far, or why they are not compared', () => {
    const [node] = plan.nodes;
    assert.ok(node);
    const estimate = (parts: Partial<typeof node>) => describeEstimate({ ...node, loops: 1, ...parts });
    const off = { plannedRows: 10, actualRows: 120, estimateFactor: 12, estimateDirection: 'under' } as const;
    assert.equal(estimate(off), '10 rows planned, 120 came: 12× as many as planned.');
    assert.equal(
      estimate({ ...off, loops: 3, plannedRows: 120, actualRows: 10, estimateDirection: 'over' }),
      '120 rows planned, 10 came on average in each loop: planned 12× too many.',
    );
    assert.match(estimate({ ...off, plannedRows: 20 }), /parallel process/);
    assert.match(estimate({ estimateFactor: null, stoppedEarly: true }), /stopped before its end/);
    assert.match(estimate({ neverExecuted: true }), /Never executed/);
    assert.match(estimate({ actualRows: null }), /EXPLAIN ANALYZE/);
  });

  it('fields: have the units their names tell, and all of them are shown', () => {
    assert.equal(formatField('Sort Space Used', 2048), '2 MB');
    assert.equal(formatField('Shared Read Blocks', 12), '12 blocks (96 kB)');
    assert.equal(formatField('Shared Read Blocks', 0), '0');
    assert.equal(formatField('Actual Total Time', 12.345), '12.3 ms');
    assert.equal(formatField('Sort Key', ['a', 'b DESC']), 'a, b DESC');
    assert.equal(formatField('Inner Unique', true), 'yes');
    const [node] = plan.nodes;
    assert.ok(node);
    const groups = toFieldGroups({ ...node, fields: { 'Node Type': 'X', 'Field of a Later Version': [1, { a: 2 }] } });
    const lines = groups.flatMap((group) => group.lines);
    assert.ok(lines.some(({ label, isCode }) => label === 'Field of a Later Version' && isCode));
    assert.deepEqual(
      toObjectLines({ Functions: 3, Timing: { Generation: { Deform: 0.5, Total: 2 }, Total: 0 } }).map(
        ({ label, value }) => [label, value],
      ),
      [
        ['Functions', '3'],
        ['Timing: Generation: Deform', '0.500 ms'],
        ['Timing: Generation: Total', '2.00 ms'],
      ],
    );
  });

  it('times: shares add up to all', () => {
    for (const name of ['trigger-both', 'parallel-hash-join']) {
      const shares = toTimeSegments(goldenPlan('18', name)).map(({ share }) => share);
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
    }
  });

  it('JSON: is broken into lines without touching a value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const lines = toJsonLines(JSON.stringify(value));
        assert.deepEqual(JSON.parse(lines.join('\n')), JSON.parse(JSON.stringify(value)));
        for (const line of lines) {
          assert.equal(
            toJsonTokens(line)
              .map(({ text }) => text)
              .join(''),
            line,
          );
        }
      }),
    );
    assert.deepEqual(toJsonLines('[{"a":1.50,"b":[],"c":{"d":"x, {y}"}}]'), [
      '[',
      '  {',
      '    "a": 1.50,',
      '    "b": [],',
      '    "c": {',
      '      "d": "x, {y}"',
      '    }',
      '  }',
      ']',
    ]);
    const text = goldenPlanText('18', 'memoize');
    assert.equal(toJsonLines(text).join('\n'), text);
  });

  it('state: what was kept for another document, or by another version, is not used', () => {
    const kept = { ...newViewState('a', 1), selectedNode: 3, collapsed: [1], treeTop: 44, treeAbove: 55, filter: 'x' };
    assert.deepEqual(parseViewState(kept, 'a', 1), kept);
    assert.deepEqual(parseViewState(kept, 'b', 1), { ...newViewState('b', 1), treeAbove: 55 });
    assert.deepEqual(parseViewState(kept, 'a', 2), { ...newViewState('a', 2), treeAbove: 55, filter: 'x' });
    for (const garbage of [undefined, null, 3, [], { documentId: 'a', tab: 'x', collapsed: ['1'], selectedNode: {} }]) {
      assert.deepEqual(parseViewState(garbage, 'a', 1), newViewState('a', 1));
    }
  });

  it('state: plans have the same shape when they have the same nodes in the same places', () => {
    const sameNodes = { ...plan, nodes: plan.nodes.map((node) => ({ ...node, selfMs: 1, actualRows: 2 })) };
    assert.equal(shapeOf(sameNodes), shapeOf(plan));
    const [first, ...others] = goldenPlanNames('18').map((name) => goldenPlan('18', name).nodes);
    const shape = (nodes: typeof plan.nodes) => JSON.stringify(nodes.map(({ parent, type }) => [parent, type]));
    const all = [first ?? [], ...others];
    assert.equal(
      new Set(all.map((nodes) => shapeOf({ ...plan, nodes }))).size,
      new Set(all.map(shape)).size,
      'one number a shape',
    );
  });

  it('costs: of the nodes themselves add up to the whole, and below a LIMIT only what is read counts', () => {
    const [first] = plan.nodes;
    assert.ok(first);
    const node = (id: number, parent: number | null, totalCost: number, type = 'Nested Loop') => {
      // a sort gives its first row near its end
      return { ...first, type, id, parent, startupCost: type === 'Sort' ? 0.9 * totalCost : 0, totalCost };
    };
    // Limit 10 of a join of 100, which reads a scan of 80: a tenth of each is expected to be paid
    assert.deepEqual(measureSelfCosts([node(0, null, 10), node(1, 0, 100), node(2, 1, 80)]), [0, 2, 8]);
    assert.deepEqual(measureSelfCosts([node(0, null, 100), node(1, 0, 30), node(2, 0, 20)]), [50, 30, 20]);
    // a sort has read all of its scan of 80 before the Limit stops it
    assert.deepEqual(measureSelfCosts([node(0, null, 90), node(1, 0, 100, 'Sort'), node(2, 1, 80)]), [0, 10, 80]);
    for (const name of goldenPlanNames('18')) {
      const { nodes } = goldenPlan('18', name);
      const costs = measureSelfCosts(nodes);
      const roots = nodes.reduce((sum, { parent, totalCost }) => sum + (parent === null ? (totalCost ?? 0) : 0), 0);
      const sum = costs.reduce((total, cost) => total + cost, 0);
      assert.ok(Math.abs(sum - roots) <= roots * 1e-9, `${name}: ${sum} of ${roots}`);
    }
  });

  it('findings: stay in their ranking, and the worst one gives a node its icon', () => {
    const finding = (severity: Finding['severity'], nodeId: number, fingerprint: string): Finding => ({
      ruleId: 'r',
      severity,
      subject: { kind: 'plan-node', nodeId },
      message: 'm',
      evidence: [],
      fingerprint,
    });
    const all = [finding('low', 1, 'a'), finding('high', 2, 'b'), finding('critical', 1, 'c')];
    assert.deepEqual(
      findingsByNode(all)
        .get(1)
        ?.map(({ fingerprint }) => fingerprint),
      ['a', 'c'],
    );
    assert.equal(worstOf(all)?.fingerprint, 'c');
    assert.equal(worstOf([]), undefined);
  });

  it('requests and stored documents are checked', () => {
    assert.equal(planViewRequestSchema.safeParse({ type: 'copy', format: 'exe' }).success, false);
    assert.equal(planViewRequestSchema.safeParse({ type: 'eval', code: '1' }).success, false);
    assert.equal(planViewRequestSchema.safeParse({ type: 'copy-node', nodeId: 1 }).success, true);
    assert.equal(planDocumentSchema.safeParse({ title: 'x' }).success, false);
  });

  it('page: allows its own script by nonce and its own styles, and nothing inline', () => {
    const html = formatWebviewPage({
      title: '</title><script>alert(1)</script>',
      element: 'plan-view',
      cspSource: 'https://*.example',
      nonce: 'abc',
      scriptUri: 'https://x.example/plan.js',
      styleUri: 'https://x.example/plan.css?a=1&b=2',
      codiconsUri: 'https://x.example/codicon.css',
    });
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    assert.equal(
      policy,
      "default-src 'none'; script-src 'nonce-abc'; style-src https://*.example; font-src https://*.example; img-src https://*.example",
    );
    assert.doesNotMatch(html, /<script>|<style|style=|unsafe/);
    assert.equal(html.match(/<script /g)?.length, 1);
  });
});
