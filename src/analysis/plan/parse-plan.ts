// Makes what EXPLAIN (FORMAT JSON) printed a Plan, and what the readers of other formats bring into the shape of its JSON
// (parse-any-plan.ts). It is untrusted: a file, a server newer than this program. What is not known is kept as it came; what
// can't be a plan is refused with its place.
import { numberField, objectsField, textField, toFigure, type WithFields } from './fields';
import {
  howToMakeOne,
  isFields,
  PlanReadError,
  type Place,
  type PlanDocument,
  type PlanFields,
  type PlanReadProblem,
} from './formats/plan-source';
import { readJsonPlans } from './formats/read-json-plans';
import { toLineColumn, type JsonPath } from './json-position';
import { measurePlan, type PrintedNode, type PrintedPlan } from './metrics';
import type { BufferUsage, Plan } from './plan';

export { PlanReadError };

export interface ParsePlanOptions {
  /** Which plan of several (rules can turn a statement into several): from 1. Needed when there is more than one. */
  planNumber?: number;
}

function fail(problem: PlanReadProblem, message: string, { line, column }: Place, planCount = 0): never {
  throw new PlanReadError(problem, message, line, column, planCount);
}

export function refuseNoPlans(count: number): void {
  if (count > 0) return;
  fail('empty', `There is no plan in this text. ${howToMakeOne}`, { line: 1, column: 1 });
}

function choosePlan(documents: readonly PlanDocument[], planNumber: number | undefined): PlanDocument {
  const start = { line: 1, column: 1 };
  const count = documents.length;
  refuseNoPlans(count);
  if (planNumber === undefined && count > 1) {
    fail('several-plans', `There are ${count} plans in this text: say which one, 1 to ${count}.`, start, count);
  }
  const index = (planNumber ?? 1) - 1;
  const document = documents[index];
  if (document === undefined) {
    const there = count === 1 ? 'There is one plan' : `There are ${count} plans`;
    fail('no-such-plan', `${there} in this text, and no number ${index + 1}.`, start, count);
  }
  return document;
}

const bufferFields: readonly (readonly [keyof BufferUsage, string])[] = [
  ['sharedHit', 'Shared Hit Blocks'],
  ['sharedRead', 'Shared Read Blocks'],
  ['sharedDirtied', 'Shared Dirtied Blocks'],
  ['sharedWritten', 'Shared Written Blocks'],
  ['localHit', 'Local Hit Blocks'],
  ['localRead', 'Local Read Blocks'],
  ['localDirtied', 'Local Dirtied Blocks'],
  ['localWritten', 'Local Written Blocks'],
  ['tempRead', 'Temp Read Blocks'],
  ['tempWritten', 'Temp Written Blocks'],
];

function toBuffers(of: WithFields): BufferUsage | null {
  const figures = bufferFields.map(([key, name]) => [key, numberField(of, name)] as const);
  if (figures.every(([, figure]) => figure === null)) return null;
  return Object.fromEntries(figures.map(([key, figure]) => [key, figure ?? 0])) as unknown as BufferUsage;
}

/** "Rows Removed by Filter", "... by Join Filter", "... by Index Recheck", "... by Conflict Filter". */
function toRowsRemoved(of: WithFields): number | null {
  const figures = Object.keys(of.fields)
    .filter((name) => name.startsWith('Rows Removed by '))
    .map((name) => numberField(of, name) ?? 0);
  return figures.length === 0 ? null : figures.reduce((sum, figure) => sum + figure, 0);
}

/** Fields that must be figures or texts, because what is shown rests on them. */
const numericFields = ['Actual Loops', 'Actual Rows', 'Actual Total Time', 'Plan Rows', 'Total Cost'];

function toPrintedNode(fields: PlanFields, id: number, parent: number | null): PrintedNode {
  const of = { fields };
  return {
    id,
    parent,
    type: textField(of, 'Node Type') ?? '',
    relationship: parent === null ? null : textField(of, 'Parent Relationship'),
    subplanName: textField(of, 'Subplan Name'),
    schema: textField(of, 'Schema'),
    relation: textField(of, 'Relation Name'),
    alias: textField(of, 'Alias'),
    index: textField(of, 'Index Name'),
    joinType: textField(of, 'Join Type'),
    loops: numberField(of, 'Actual Loops'),
    startupCost: numberField(of, 'Startup Cost'),
    totalCost: numberField(of, 'Total Cost'),
    plannedRows: numberField(of, 'Plan Rows'),
    plannedWidth: numberField(of, 'Plan Width'),
    actualRows: numberField(of, 'Actual Rows'),
    rowsRemoved: toRowsRemoved(of),
    totalBuffers: toBuffers(of),
    fields,
  };
}

/** All nodes in depth-first order, with a stack of our own: a plan can be deeper than the engine's. */
function toPrintedNodes(root: PlanFields, placeOf: PlanDocument['placeOf']): PrintedNode[] {
  const nodes: PrintedNode[] = [];
  interface Waiting {
    printed: unknown;
    parent: number | null;
    /** Position among the parent's children, and the parent's own link: the path is only built for an error. */
    index: number;
    above: Waiting | null;
  }
  const pathOf = (waiting: Waiting): JsonPath => {
    const steps: (string | number)[] = [];
    for (let at = waiting; at.above !== null; at = at.above) steps.push(at.index, 'Plans');
    return ['Plan', ...steps.reverse()];
  };
  const refuse = (waiting: Waiting, step: JsonPath, what: string): never => {
    const place = placeOf([...pathOf(waiting), ...step]);
    return fail('not-a-plan', `${what} (line ${place.line}, column ${place.column}). ${howToMakeOne}`, place);
  };
  const stack: Waiting[] = [{ printed: root, parent: null, index: 0, above: null }];
  for (let waiting = stack.pop(); waiting !== undefined; waiting = stack.pop()) {
    const { printed, parent } = waiting;
    if (!isFields(printed)) return refuse(waiting, [], 'A node of this plan is no object');
    const { Plans: children = [], ...fields } = printed;
    const type = fields['Node Type'];
    if (typeof type !== 'string') return refuse(waiting, [], 'A node of this plan has no "Node Type"');
    for (const name of numericFields) {
      if (fields[name] !== undefined && toFigure(fields[name]) === null) {
        return refuse(waiting, [name], `"${name}" of the node ${type} is no number`);
      }
    }
    if (!Array.isArray(children)) return refuse(waiting, ['Plans'], `"Plans" of the node ${type} is no list`);
    const id = nodes.length;
    nodes.push(toPrintedNode(fields, id, parent));
    for (let index = children.length - 1; index >= 0; index--) {
      stack.push({ printed: children[index] as unknown, parent: id, index, above: waiting });
    }
  }
  return nodes;
}

/** Top-level fields that have a place of their own in a Plan. */
const readFields: ReadonlySet<string> = new Set(['Plan', 'Triggers', 'Settings', 'Planning Time', 'Execution Time']);

function toPrintedPlan(document: PlanFields, nodes: PrintedNode[]): PrintedPlan {
  const of = { fields: document };
  const settings = isFields(document['Settings']) ? document['Settings'] : {};
  const fields = Object.fromEntries(Object.entries(document).filter(([name]) => !readFields.has(name)));
  return {
    planningMs: numberField(of, 'Planning Time'),
    executionMs: numberField(of, 'Execution Time'),
    triggers: objectsField(of, 'Triggers').map((trigger) => ({
      name: textField(trigger, 'Trigger Name') ?? textField(trigger, 'Constraint Name') ?? '',
      constraint: textField(trigger, 'Constraint Name'),
      relation: textField(trigger, 'Relation'),
      calls: numberField(trigger, 'Calls') ?? 0,
      totalMs: numberField(trigger, 'Time'),
    })),
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    nodes,
    fields,
  };
}

export function toPlan({ fields, placeOf }: PlanDocument): Plan {
  if (typeof fields === 'string') {
    fail('not-a-plan', `PostgreSQL printed no plan here but "${fields}": such a statement has none.`, placeOf([]));
  }
  const root = isFields(fields) ? fields['Plan'] : undefined;
  if (!isFields(fields) || !isFields(root)) {
    fail('not-a-plan', `There is no plan here: no "Plan" field. ${howToMakeOne}`, placeOf([]));
  }
  return measurePlan(toPrintedPlan(fields, toPrintedNodes(root, placeOf)));
}

/** The wanted one of the plans that a text holds. */
export function toChosenPlan(documents: readonly PlanDocument[], { planNumber }: ParsePlanOptions): Plan {
  return toPlan(choosePlan(documents, planNumber));
}

export function refuseEmptyText(text: string): void {
  if (text.trim() !== '') return;
  fail('empty', `There is no plan: the text is empty. ${howToMakeOne}`, { line: 1, column: 1 });
}

/** Reads a plan as a server sent it, in JSON and with nothing around it; throws a PlanReadError. */
export function parsePlanJson(text: string, options: ParsePlanOptions = {}): Plan {
  refuseEmptyText(text);
  return toChosenPlan(
    readJsonPlans(text, (offset) => toLineColumn(text, offset)),
    options,
  );
}
