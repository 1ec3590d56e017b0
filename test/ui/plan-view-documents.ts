// Plans that a real server made of the shop's tables, as documents of the plan view: a join with parallel workers, JIT and
// temporary files; a write with triggers; CTEs with parts that never run; partitions; a plan that was not run.
import { Client } from 'pg';
import type { Finding } from '../../src/analysis/finding';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan, PlanNode } from '../../src/analysis/plan/plan';
import type { PlanDocument } from '../../src/webviews/protocol';

interface Sample {
  title: string;
  sql: string;
  explain: string;
  settings?: string;
}

const samples = {
  join: {
    title: 'EXPLAIN ANALYZE: customers, orders',
    explain: 'ANALYZE, BUFFERS, SETTINGS, VERBOSE',
    // small tables are neither spread over workers nor compiled by themselves
    settings:
      'SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; ' +
      "SET LOCAL work_mem = '64kB'; SET LOCAL jit_above_cost = 10",
    sql: `SELECT c.id, c.email, count(*) AS lines, sum(oi.quantity * oi.unit_price) AS revenue,
       (SELECT max(latest.placed_at) FROM orders latest WHERE latest.customer_id = c.id) AS last_order
  FROM customers c
  JOIN orders o ON o.customer_id = c.id
  JOIN order_items oi ON oi.order_id = o.id
 WHERE o.status = 'pending' AND c.id < 4000
 GROUP BY c.id, c.email
 ORDER BY revenue DESC
 LIMIT 20`,
  },
  planned: {
    title: 'EXPLAIN: orders, customers',
    explain: 'SETTINGS',
    sql: "SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = 'pending' ORDER BY o.placed_at DESC LIMIT 50",
  },
  write: {
    title: 'EXPLAIN ANALYZE: orders',
    explain: 'ANALYZE, BUFFERS, WAL',
    sql: 'DELETE FROM orders WHERE id % 997 = 7',
  },
  never: {
    title: 'EXPLAIN ANALYZE: orders, order_items',
    explain: 'ANALYZE, BUFFERS, SERIALIZE TEXT',
    sql: `WITH recent AS MATERIALIZED (
  SELECT * FROM orders WHERE placed_at > (SELECT max(placed_at) FROM orders) - interval '30 days'
)
SELECT r.id, r.status, r.total, (SELECT count(*) FROM order_items oi WHERE oi.order_id = r.id) AS lines
  FROM recent r
 WHERE r.total < 0`,
  },
  partitions: {
    title: 'EXPLAIN ANALYZE: events',
    explain: 'ANALYZE, BUFFERS',
    sql: 'SELECT count(*) FROM events WHERE customer_id = 42',
  },
} satisfies Record<string, Sample>;

export type SampleName = keyof typeof samples;

function toDocument({ title, sql, explain }: Sample, planJson: string, plan: Plan): PlanDocument {
  const analyzed = explain.startsWith('ANALYZE');
  return {
    title,
    sql,
    analyzed,
    parameters: null,
    parameterValues: { mode: 'none' },
    connection: { profileId: 'shop', name: 'Shop', environment: 'development' },
    source: { uri: 'file:///reports.sql', start: { line: 3, character: 0 }, end: { line: 9, character: 2 } },
    result: {
      plan,
      planJson,
      rolledBack: sql.startsWith('DELETE'),
      ranAt: '2026-07-01T10:20:30.000Z',
      server: '127.0.0.1:5432',
      database: 'shop',
      serverVersion: '18.4',
    },
    findings: [],
  };
}

/** Explains the samples, each in a transaction of its own that is rolled back. */
export async function capturePlanDocuments(url: string): Promise<Record<SampleName, PlanDocument>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const documents: [string, PlanDocument][] = [];
    for (const [name, sample] of Object.entries<Sample>(samples)) {
      await client.query('BEGIN');
      if (sample.settings !== undefined) await client.query(sample.settings);
      const { rows } = await client.query<{ plan: string }>({
        text: `EXPLAIN (${sample.explain}, FORMAT JSON) ${sample.sql}`,
        // the text as it came, not what pg makes of JSON
        types: { getTypeParser: () => (text: string) => text },
      });
      await client.query('ROLLBACK');
      const planJson = String(Object.values(rows[0] ?? {})[0]);
      documents.push([name, toDocument(sample, planJson, parsePlanJson(planJson))]);
    }
    return Object.fromEntries(documents) as Record<SampleName, PlanDocument>;
  } finally {
    await client.end();
  }
}

/** A plan of `count` nodes: the given one's nodes, again and again below a new root. For measuring, not for reading. */
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

/** Findings of every severity on the plan's own nodes, for what the view does with them. */
export function sampleFindings(plan: Plan): Finding[] {
  const slowest = plan.nodes.reduce((a, b) => ((b.selfMs ?? 0) > (a.selfMs ?? 0) ? b : a));
  const last = plan.nodes.at(-1) ?? slowest;
  return [
    {
      ruleId: 'jit-overhead',
      severity: 'low',
      subject: { kind: 'server' },
      message: 'Compiling the statement took a quarter of its time.',
      evidence: [{ grade: 'measured', label: 'JIT total', value: 0.27, unit: 'ratio' }],
      fingerprint: 'jit-overhead',
    },
    {
      ruleId: 'sequential-scan-discards-rows',
      severity: 'critical',
      subject: { kind: 'plan-node', nodeId: last.id },
      message: `The scan of ${last.relation ?? 'a table'} reads far more rows than it keeps.`,
      evidence: [
        { grade: 'measured', label: 'rows removed by filter', value: 48_211, unit: 'rows' },
        { grade: 'measured', label: 'share of rows removed', value: 0.981, unit: 'ratio' },
      ],
      fix: {
        title: 'Index the column that the filter compares',
        sql: 'CREATE INDEX CONCURRENTLY orders_status_idx ON public.orders (status);',
        undoSql: 'DROP INDEX CONCURRENTLY public.orders_status_idx;',
        risk: 'Building it reads the whole table; writes go on meanwhile.',
        outsideTransaction: true,
      },
      fingerprint: 'sequential-scan-discards-rows:orders',
    },
    {
      ruleId: 'estimate-off',
      severity: 'medium',
      subject: { kind: 'plan-node', nodeId: slowest.id },
      message: 'The planner expected far fewer rows here.',
      evidence: [{ grade: 'measured', label: 'estimate', value: 23.4, unit: 'factor' }],
      fingerprint: 'estimate-off:orders',
    },
  ];
}
