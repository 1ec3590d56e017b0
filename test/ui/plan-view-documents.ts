// Documents of the plan view made of plans that real servers printed: recorded ones, and one made at the moment.
import { Client } from 'pg';
import { analyzePlan } from '../../src/analysis/plan/analyze-plan';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan, PlanNode } from '../../src/analysis/plan/plan';
import type { PlanDocument } from '../../src/webviews/protocol';
import { goldenPlanText, type GoldenServer } from '../factories/golden-plans';

export function toPlanDocument(planJson: string, parts: Partial<PlanDocument> = {}): PlanDocument {
  const plan = parsePlanJson(planJson);
  return {
    title: 'orders by status',
    sql: "SELECT id, total\n  FROM orders\n WHERE status = 'open'",
    analyzed: true,
    parameters: null,
    parameterValues: { mode: 'none' },
    connection: { profileId: 'shop', name: 'Shop', environment: 'development' },
    source: { uri: 'file:///reports.sql', start: { line: 3, character: 0 }, end: { line: 5, character: 22 } },
    result: {
      plan,
      planJson,
      rolledBack: false,
      ranAt: '2026-07-01T10:20:30.000Z',
      server: '127.0.0.1:5432',
      database: 'shop',
      serverVersion: '18.4',
    },
    findings: analyzePlan(plan),
    ...parts,
  };
}

export function goldenDocument(server: GoldenServer, name: string, parts: Partial<PlanDocument> = {}): PlanDocument {
  return toPlanDocument(goldenPlanText(server, name), { title: name, ...parts });
}

/** Has the server explain a statement; the text is as it came. */
export async function explainOn(url: string, options: string, sql: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ plan: string }>({
      text: `EXPLAIN (${options}, FORMAT JSON) ${sql}`,
      types: { getTypeParser: () => (text: string) => text },
    });
    return String(Object.values(rows[0] ?? {})[0]);
  } finally {
    await client.end();
  }
}

/** A plan of `count` nodes: the given one's, again and again below a new root. For measuring, not for reading. */
export function enlargePlan(document: PlanDocument, count: number): PlanDocument {
  const { nodes } = document.result.plan;
  const [root] = nodes;
  if (root === undefined) return document;
  const enlarged: PlanNode[] = [{ ...root, fields: { 'Node Type': 'Append' }, type: 'Append' }];
  while (enlarged.length < count) {
    const offset = enlarged.length;
    for (const node of nodes) {
      enlarged.push({ ...node, id: node.id + offset, parent: node.parent === null ? 0 : node.parent + offset });
    }
  }
  const plan: Plan = { ...document.result.plan, nodes: enlarged.slice(0, count) };
  return { ...document, result: { ...document.result, plan } };
}

/** The nodes of EXPLAIN's JSON in depth-first order, read without the code that is tested. */
export function printedNodes(planJson: string): Record<string, unknown>[] {
  interface Printed extends Record<string, unknown> {
    Plans?: Printed[];
  }
  const [{ Plan: root }] = JSON.parse(planJson) as [{ Plan: Printed }];
  const nodes: Printed[] = [];
  const visit = (node: Printed) => {
    nodes.push(node);
    node.Plans?.forEach(visit);
  };
  visit(root);
  return nodes;
}
