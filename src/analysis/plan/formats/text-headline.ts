// The first line of a node in EXPLAIN's text format: "Index Scan Backward using orders_pkey on shop.orders o  (cost=...)
// (actual ...)", taken apart into the fields that the JSON format has for it.
import type { PlanFields } from './plan-source';

const decimal = String.raw`-?\d+\.\d+`;
const costs = String.raw`(?: {2}\(cost=(${decimal})\.\.(${decimal}) rows=(\d+(?:\.\d+)?) width=(\d+)\))?`;
const actual = String.raw`(?: {1,2}\(actual (?:time=(${decimal})\.\.(${decimal}) )?rows=(\d+(?:\.\d+)?) loops=(\d+)\)| {1,2}\((never executed)\))?`;
const headline = new RegExp(`^(.*?)${costs}${actual}$`);
/** What is left of figures that are not whole. */
const brokenFigures = /\((?:cost|actual|never)\b/;

const name = String.raw`(?:"[^"]*(?:""[^"]*)*"|[^\s".()]+)`;
const operation = new RegExp(
  String.raw`^(.*?)( Backward)?(?: using (${name}))?(?: on (?:(${name})\.)?(${name})(?: (${name}))?)?$`,
);
const customScan = /^Custom Scan \(([^()]+)\)/;
const aggregate = /^(?:(Partial|Finalize) )?(Hash|Group|Mixed)?Aggregate$/;
const setOperation = /^(Hash)?SetOp ((?:Except|Intersect)(?: All)?)$/;
const join = /^(Nested Loop|Hash|Merge)(?: (Left|Full|Right|Semi|Anti|Right Semi|Right Anti))? Join$/;
const modification = /^(Insert|Update|Delete|Merge)$/;
const foreignModification = /^Foreign (Insert|Update|Delete)$/;

const strategies: Readonly<Record<string, string>> = { Hash: 'Hashed', Group: 'Sorted', Mixed: 'Mixed' };

/** Whose " on x" is no table. */
const targetFields: Readonly<Record<string, string>> = {
  'Bitmap Index Scan': 'Index Name',
  'Function Scan': 'Function Name',
  'Table Function Scan': 'Table Function Name',
  'CTE Scan': 'CTE Name',
  'WorkTable Scan': 'CTE Name',
  'Named Tuplestore Scan': 'Tuplestore Name',
  'Values Scan': 'Alias',
  'Subquery Scan': 'Alias',
};

const unquote = (text: string) => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);

export interface Headline {
  fields: PlanFields;
  hasCosts: boolean;
  hasActual: boolean;
}

/** Null when the figures are broken: the line was cut off or changed. */
export function parseHeadline(text: string): Headline | null {
  const match = headline.exec(text);
  const [, label, startup, total, rows, width, first, last, actualRows, loops, never] = match ?? [];
  if (label === undefined || label.trim() === '' || brokenFigures.test(label)) return null;
  const fields = parseOperation(label.trim());
  if (startup !== undefined) {
    fields['Startup Cost'] = Number(startup);
    fields['Total Cost'] = Number(total);
    fields['Plan Rows'] = Number(rows);
    fields['Plan Width'] = Number(width);
  }
  if (first !== undefined) {
    fields['Actual Startup Time'] = Number(first);
    fields['Actual Total Time'] = Number(last);
  }
  if (loops !== undefined || never !== undefined) {
    fields['Actual Rows'] = Number(actualRows ?? 0);
    fields['Actual Loops'] = Number(loops ?? 0);
  }
  return { fields, hasCosts: startup !== undefined, hasActual: loops !== undefined || never !== undefined };
}

function parseOperation(label: string): PlanFields {
  const fields: PlanFields = { 'Node Type': label };
  let rest = label;
  for (const [prefix, field] of [
    ['Parallel ', 'Parallel Aware'],
    ['Async ', 'Async Capable'],
    ['Parallel ', 'Parallel Aware'],
  ] as const) {
    if (!rest.startsWith(prefix)) continue;
    fields[field] = true;
    rest = rest.slice(prefix.length);
  }
  const provider = customScan.exec(rest)?.[1];
  if (provider !== undefined) rest = rest.replace(customScan, 'Custom Scan');
  const [, type = rest, backward, index, schema, target, alias] = operation.exec(rest) ?? [];
  Object.assign(fields, parseType(type));
  if (provider !== undefined) fields['Custom Plan Provider'] = provider;
  if (index !== undefined) {
    fields['Index Name'] = unquote(index);
    fields['Scan Direction'] = backward === undefined ? 'Forward' : 'Backward';
  }
  if (target !== undefined) {
    const field = targetFields[type] ?? 'Relation Name';
    if (schema !== undefined) fields['Schema'] = unquote(schema);
    fields[field] = unquote(target);
    // printed only where it is another name
    if (field !== 'Index Name') fields['Alias'] = unquote(alias ?? target);
  }
  return fields;
}

/** The node's type as JSON names it, and what else its name in the text says. */
function parseType(type: string): PlanFields {
  const [isAggregate, mode, strategy] = aggregate.exec(type) ?? [];
  if (isAggregate !== undefined) {
    return {
      'Node Type': 'Aggregate',
      Strategy: strategies[strategy ?? ''] ?? 'Plain',
      'Partial Mode': mode ?? 'Simple',
    };
  }
  const [isSetOperation, hashed, command] = setOperation.exec(type) ?? [];
  if (isSetOperation !== undefined) {
    return { 'Node Type': 'SetOp', Strategy: hashed === undefined ? 'Sorted' : 'Hashed', Command: command };
  }
  if (type === 'Nested Loop') return { 'Node Type': type, 'Join Type': 'Inner' };
  const [isJoin, method = '', joinType] = join.exec(type) ?? [];
  if (isJoin !== undefined) {
    return { 'Node Type': method === 'Nested Loop' ? method : `${method} Join`, 'Join Type': joinType ?? 'Inner' };
  }
  const [, modifies] = modification.exec(type) ?? [];
  if (modifies !== undefined) return { 'Node Type': 'ModifyTable', Operation: modifies };
  const [, modifiesForeign] = foreignModification.exec(type) ?? [];
  if (modifiesForeign !== undefined) return { 'Node Type': 'Foreign Scan', Operation: modifiesForeign };
  if (type === 'Foreign Scan') return { 'Node Type': type, Operation: 'Select' };
  return { 'Node Type': type };
}

/** "Update on shop.orders_1 o": a table that a ModifyTable changes; null for what is none. */
export function parseTargetTable(text: string): PlanFields | null {
  const [, type, , , schema, target, alias] = operation.exec(text) ?? [];
  if (type === undefined || target === undefined) return null;
  if (!modification.test(type) && !foreignModification.test(type)) return null;
  return {
    'Relation Name': unquote(target),
    ...(schema === undefined ? {} : { Schema: unquote(schema) }),
    Alias: unquote(alias ?? target),
  };
}
