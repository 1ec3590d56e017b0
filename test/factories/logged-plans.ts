// One execution in two formats: EXPLAIN answers in JSON, and auto_explain, which sees the same execution, tells its plan as
// text, YAML or XML in a notice. Nothing but the format differs, so every figure must be the same.
import type { Client } from 'pg';

export interface PlanNotices {
  /** As explainCorpusStatement does: VERBOSE and SETTINGS, or neither. */
  setVerbose(verbose: boolean): Promise<void>;
  setFormat(format: 'text' | 'yaml' | 'xml'): Promise<void>;
  /** auto_explain's entry for the statement that was run last, as a log has it. */
  last(): string;
}

export async function logPlans(client: Client): Promise<PlanNotices> {
  let last = '';
  client.on('notice', ({ message = '' }) => {
    if (message.includes('  plan:\n')) last = message;
  });
  await client.query("LOAD 'auto_explain'");
  for (const name of ['analyze', 'buffers', 'triggers']) await client.query(`SET auto_explain.log_${name} = on`);
  await client.query('SET auto_explain.log_level = notice');
  await client.query('SET auto_explain.log_min_duration = 0');
  return {
    setVerbose: async (verbose) => {
      for (const name of ['verbose', 'settings']) {
        await client.query(`SET auto_explain.log_${name} = ${String(verbose)}`);
      }
    },
    setFormat: async (format) => {
      await client.query(`SET auto_explain.log_format = ${format}`);
    },
    last: () => last,
  };
}

interface PrintedDocument extends Record<string, unknown> {
  Plan: Record<string, unknown>;
  Triggers?: Record<string, unknown>[];
}

function dropInnerUnique(node: Record<string, unknown>): void {
  delete node['Inner Unique'];
  for (const child of (node['Plans'] ?? []) as Record<string, unknown>[]) dropInnerUnique(child);
}

/**
 * The same plan as EXPLAIN would have printed it in both formats: auto_explain does not print the times of the whole, which
 * come from the JSON, and JSON has what the text never prints.
 */
export function toBothFormats(entry: string, json: string, verbose: boolean): { text: string; json: string } {
  const [document] = JSON.parse(json) as [PrintedDocument];
  const { 'Planning Time': planningMs, 'Execution Time': executionMs } = document;
  const times = [
    `Planning Time: ${Number(planningMs).toFixed(3)} ms`,
    `Execution Time: ${Number(executionMs).toFixed(3)} ms`,
  ];
  const lines = entry.replace(/\n$/, '').split('\n');
  const start = lines.findIndex((line) => / {2}\(cost=/.test(line));
  // buffers of planning are in no log
  delete document['Planning'];
  delete document['Serialization'];
  if (!verbose) {
    dropInnerUnique(document.Plan);
    for (const trigger of document.Triggers ?? []) {
      if (trigger['Constraint Name'] !== undefined) delete trigger['Trigger Name'];
    }
  }
  return { text: [...lines.slice(start), ...times].join('\n'), json: JSON.stringify([document]) };
}

/** The JSON of EXPLAIN without what auto_explain does not print. */
export function withoutTimesOfTheWhole(json: string): string {
  const [document] = JSON.parse(json) as [PrintedDocument];
  const absent = new Set(['Planning Time', 'Execution Time', 'Planning', 'Serialization']);
  return JSON.stringify([Object.fromEntries(Object.entries(document).filter(([name]) => !absent.has(name)))]);
}
