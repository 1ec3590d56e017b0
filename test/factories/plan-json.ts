// Plans made by hand, in the server's own JSON, for cases that must be counted on paper.

export interface NodeFigures {
  loops?: number;
  /** Actual Total Time: an average per loop. */
  ms?: number;
  rows?: number;
  planned?: number;
  /** Shared Hit Blocks: a total. */
  hit?: number;
  /** Everything else, as the server names it. */
  fields?: Record<string, unknown>;
}

export interface PlanNodeJson extends Record<string, unknown> {
  Plans?: PlanNodeJson[];
}

export function nodeJson(type: string, figures: NodeFigures, children: PlanNodeJson[] = []): PlanNodeJson {
  const { loops = 1, ms = 1, rows = 1, planned = rows, hit = 0, fields = {} } = figures;
  return {
    'Node Type': type,
    'Total Cost': 10,
    'Plan Rows': planned,
    'Plan Width': 8,
    'Actual Startup Time': 0,
    'Actual Total Time': ms,
    'Actual Rows': rows,
    'Actual Loops': loops,
    'Shared Hit Blocks': hit,
    ...fields,
    ...(children.length === 0 ? {} : { Plans: children }),
  };
}

/** The same node with what it is to its parent. */
export function as(relationship: string, json: PlanNodeJson, subplanName?: string): PlanNodeJson {
  return {
    ...json,
    'Parent Relationship': relationship,
    ...(subplanName === undefined ? {} : { 'Subplan Name': subplanName }),
  };
}

export const outer = (json: PlanNodeJson) => as('Outer', json);
export const inner = (json: PlanNodeJson) => as('Inner', json);

export function planText(
  root: PlanNodeJson,
  executionMs: number | null = null,
  more: Record<string, unknown> = {},
): string {
  return JSON.stringify([{ Plan: root, ...(executionMs === null ? {} : { 'Execution Time': executionMs }), ...more }]);
}
