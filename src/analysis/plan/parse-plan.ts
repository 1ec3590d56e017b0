// Makes what EXPLAIN (FORMAT JSON) printed a Plan. The text is untrusted: a file, a paste from psql or pgAdmin, a log, a
// server newer than this program. What is not known is kept as it came; what can't be a plan is refused with its place.
import { findJsonFault, findJsonOffset, toLineColumn, type JsonPath } from './json-position';
import { measurePlan, type PrintedNode, type PrintedPlan } from './metrics';
import { numberField, objectsField, textField, toFigure, type WithFields } from './fields';
import { parseExactJson } from './parse-exact-json';
import type { BufferUsage, Plan } from './plan';

export type PlanReadProblem = 'empty' | 'not-json' | 'not-a-plan' | 'several-plans' | 'no-such-plan';

/** Why a text could not be read as a plan, where, and what to do about it: the message says all of it in words. */
export class PlanReadError extends Error {
  override readonly name = 'PlanReadError';

  constructor(
    readonly problem: PlanReadProblem,
    message: string,
    /** From 1, in the text as it was given. */
    readonly line: number,
    /** From 1, in UTF-16 units. */
    readonly column: number,
    /** How many plans the text holds; 0 when that was not found out. */
    readonly planCount = 0,
  ) {
    super(message);
  }
}

export interface ParsePlanOptions {
  /** Which plan of several (rules can turn a statement into several): from 1. Needed when there is more than one. */
  planNumber?: number;
}

const howToMakeOne = 'Run EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) and give its whole output.';

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const blanks = (text: string) => text.replace(/[^\r\n]/g, ' ');

/**
 * Takes off what psql, pgAdmin and Markdown put around a plan. Line breaks stay where they were, so that a place found
 * later is a place in the user's text.
 */
function unwrap(text: string): string {
  let plan = text.replace(/^\uFEFF/, ' ').replace(/^[ \t]*```.*$/gm, blanks);
  // a cell copied as CSV (pgAdmin): in quotes, and the quotes inside doubled
  const cell = /^(\s*)"(\s*[[{][\s\S]*)"(\s*)$/.exec(plan);
  if (cell !== null) plan = `${cell[1]} ${(cell[2] ?? '').replaceAll('""', '"')} ${cell[3]}`;
  // psql's aligned output: a header, "+" where a line goes on, "(1 row)"
  if (/^\s*(?:QUERY PLAN\s*\n\s*-+\s*\n)?\s*[[{]\s*\+\s*$/m.test(plan) || /^\s*QUERY PLAN/.test(plan)) {
    plan = plan
      .replace(/^\s*QUERY PLAN[ \t]*\r?\n[ \t]*-+/, blanks)
      .replace(/\+[ \t]*$/gm, blanks)
      .replace(/^\(\d+ rows?\)\s*$/m, blanks);
  }
  return plan;
}

function fail(problem: PlanReadProblem, message: string, text: string, offset: number, planCount = 0): never {
  const { line, column } = toLineColumn(text, offset);
  throw new PlanReadError(problem, message, line, column, planCount);
}

function parseJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    const { offset, expected } = findJsonFault(text) ?? { offset: 0, expected: 'JSON' };
    const { line, column } = toLineColumn(text, offset);
    if (/\(cost=\d|\(actual [\w.]+=|\(never executed\)/.test(text)) {
      fail('not-json', `This is a plan in text format; PG Insight reads JSON. ${howToMakeOne}`, text, offset);
    }
    const what = offset >= text.trimEnd().length ? 'It ends too early' : `There is ${describe(text, offset)}`;
    fail(
      'not-json',
      `The plan can't be read as JSON. ${what} at line ${line}, column ${column}, where ${expected} is expected. ` +
        `It may have been cut off or changed by copying. ${howToMakeOne}`,
      text,
      offset,
    );
  }
}

function describe(text: string, offset: number): string {
  const [character = ''] = text.slice(offset);
  return /\s/.test(character) ? 'a line break' : `"${character}"`;
}

/** The document of the wanted plan and its place in the JSON. */
function choosePlan(
  json: unknown,
  text: string,
  planNumber: number | undefined,
): { document: JsonObject; path: JsonPath } {
  const documents: unknown[] = Array.isArray(json) ? json : [json];
  const count = documents.length;
  if (count === 0) fail('empty', `This JSON holds no plan: the list is empty. ${howToMakeOne}`, text, 0);
  if (planNumber === undefined && count > 1) {
    fail('several-plans', `There are ${count} plans in this text: say which one, 1 to ${count}.`, text, 0, count);
  }
  const index = (planNumber ?? 1) - 1;
  const document = documents[index];
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    const there = count === 1 ? 'There is one plan' : `There are ${count} plans`;
    fail('no-such-plan', `${there} in this text, and no number ${index + 1}.`, text, 0, count);
  }
  const path = Array.isArray(json) ? [index] : [];
  const offset = findJsonOffset(text, path) ?? 0;
  if (typeof document === 'string') {
    fail('not-a-plan', `PostgreSQL printed no plan here but "${document}": such a statement has none.`, text, offset);
  }
  if (!isObject(document) || !isObject(document['Plan'])) {
    fail('not-a-plan', `This is JSON, but no plan: there is no "Plan" field. ${howToMakeOne}`, text, offset);
  }
  return { document, path };
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

function toPrintedNode(fields: JsonObject, id: number, parent: number | null): PrintedNode {
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
function toPrintedNodes(root: JsonObject, rootPath: JsonPath, text: string): PrintedNode[] {
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
    return [...rootPath, ...steps.reverse()];
  };
  const refuse = (waiting: Waiting, step: JsonPath, what: string): never => {
    const path = [...pathOf(waiting), ...step];
    const offset = findJsonOffset(text, path) ?? 0;
    const { line, column } = toLineColumn(text, offset);
    return fail('not-a-plan', `${what} (line ${line}, column ${column}). ${howToMakeOne}`, text, offset);
  };
  const stack: Waiting[] = [{ printed: root, parent: null, index: 0, above: null }];
  for (let waiting = stack.pop(); waiting !== undefined; waiting = stack.pop()) {
    const { printed, parent } = waiting;
    if (!isObject(printed)) return refuse(waiting, [], 'A node of this plan is no JSON object');
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

function toPrintedPlan(document: JsonObject, nodes: PrintedNode[]): PrintedPlan {
  const of = { fields: document };
  const settings = isObject(document['Settings']) ? document['Settings'] : {};
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

/** Reads a plan in JSON; throws a PlanReadError that says where it is wrong and what to do. */
export function parsePlanJson(text: string, options: ParsePlanOptions = {}): Plan {
  if (text.trim() === '') fail('empty', `There is no plan: the text is empty. ${howToMakeOne}`, text, 0);
  const unwrapped = unwrap(text);
  const { document, path } = choosePlan(parseJson(unwrapped), unwrapped, options.planNumber);
  const nodes = toPrintedNodes(document['Plan'] as JsonObject, [...path, 'Plan'], unwrapped);
  return measurePlan(toPrintedPlan(document, nodes));
}
