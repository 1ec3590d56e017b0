// What a statement does with each table in its plan, whichever way it reads it today: conditions of scans, index scans and
// joins, orders, groups, minima and maxima, and the columns it needs. The raw material of candidates.
import { textField, textsField } from '../../plan/fields';
import type { Plan, PlanNode } from '../../plan/plan';
import { inputsOf, parentOf, toPlanTree, type PlanTree } from '../../plan/plan-tree';
import { quoteName } from '../../sql/identifiers';
import type { SqlParser } from '../../sql/sql-parser';
import { findRelation, type AdviceTable, type IndexAdviceFacts } from '../index-advice-facts';
import { readIndexConditions, type IndexCondition } from './index-conditions';
import { addAlias, findReferences, withoutAliases } from './key-expression';
import { readOrderKey } from './plan-conditions';
import { findWrittenNames, toWrittenName, toWrittenText } from './written-names';

export interface OrderKey {
  /** A column (quoted where needed) or a parenthesized expression. */
  key: string;
  descending: boolean;
  nullsFirst: boolean;
}

export interface TableOrder {
  keys: readonly OrderKey[];
  purpose: 'sort' | 'group' | 'extreme';
  /** As printed, with the names that the statement wrote. */
  text: string;
}

/** One place of a statement where a table is read. */
export interface TableUse {
  table: AdviceTable;
  aliases: ReadonlySet<string>;
  conditions: readonly IndexCondition[];
  orders: readonly TableOrder[];
  /** Columns that the statement reads here; null when whole rows are. */
  columns: ReadonlySet<string> | null;
}

const conditionFields = ['Filter', 'Index Cond', 'Recheck Cond', 'Hash Cond', 'Merge Cond', 'Join Filter'] as const;
/** Lists of texts, each of them one expression. */
const listFields = new Set(['Sort Key', 'Presorted Key', 'Group Key', 'Cache Key', 'Order By']);
/** Names are printed as they are and may look like anything. */
const nameField = /(?:Name|Alias|Schema)$/;

interface Instance {
  table: AdviceTable;
  aliases: Set<string>;
  scans: PlanNode[];
  /** "Output" names columns without their table, because there is only one. */
  isAlone: boolean;
}

/** By the aliases of scans; of tables that the facts do not have there is none. */
function findNames(plan: Plan, facts: IndexAdviceFacts, written: ReadonlySet<string>): Map<string, string> {
  const names = new Map<string, string>();
  for (const { schema, relation, alias } of plan.nodes) {
    if (schema === null || relation === null || alias === null) continue;
    const found = findRelation(facts, { schema, name: relation });
    if (found !== null) names.set(alias, toWrittenName(alias, found.table.isPartitioned, written));
  }
  return names;
}

/** Scans of one table's partitions are one use of it. */
function findInstances(plan: Plan, facts: IndexAdviceFacts, names: ReadonlyMap<string, string>): Instance[] {
  const found = new Map<string, Instance>();
  for (const node of plan.nodes) {
    if (node.schema === null || node.relation === null || node.alias === null || node.type === 'ModifyTable') continue;
    const relation = findRelation(facts, { schema: node.schema, name: node.relation });
    if (relation === null) continue;
    const { table } = relation;
    const alias = table.isPartitioned ? (names.get(node.alias) ?? node.alias) : node.alias;
    const key = JSON.stringify([table.oid, alias]);
    const instance = found.get(key) ?? { table, aliases: new Set([alias]), scans: [], isAlone: false };
    instance.aliases.add(node.alias);
    instance.scans.push(node);
    found.set(key, instance);
  }
  const instances = [...found.values()];
  const [only, ...others] = instances;
  if (only === undefined || others.length > 0) return instances;
  const isAlone = only.scans.every((scan) =>
    textsField(scan, 'Output').every((text) => findReferences(text).length === 0),
  );
  return [{ ...only, isAlone }];
}

/** What a node hands up, each column with its table. */
function readOutput(node: PlanNode, { table, scans, isAlone }: Instance): string[] {
  const texts = textsField(node, 'Output');
  const alias = scans[0]?.alias ?? null;
  if (!isAlone || alias === null) return texts;
  const columns = new Set(table.columns.map(({ name }) => name));
  return texts.map((text) => addAlias(text, alias, columns));
}

/** varchar to text and a domain to its type keep the value as it is. */
function keepsValue({ castTo, column }: IndexCondition, table: AdviceTable): boolean {
  if (castTo === null) return true;
  const of = table.columns.find(({ name }) => name === column);
  return (
    of !== undefined && ((of.isDomain && castTo === of.typeName) || (of.typeName === 'varchar' && castTo === 'text'))
  );
}

function toUsable(condition: IndexCondition, table: AdviceTable, facts: IndexAdviceFacts): IndexCondition | null {
  const called = condition.value?.functions ?? [];
  if (called.some((name) => facts.volatileFunctions.includes(name))) return null;
  // an index on an expression needs an IMMUTABLE one; which overload is meant the server says when it plans with it
  if (condition.keyFunctions.some((name) => !facts.immutableFunctions.includes(name))) return null;
  if (keepsValue(condition, table)) return condition;
  return condition.castKey === null
    ? null
    : { ...condition, key: condition.castKey, column: null, columnCondition: null, predicate: null };
}

interface Reading {
  facts: IndexAdviceFacts;
  parser: SqlParser;
  /** What the statement calls what is scanned, by the plan's aliases. */
  names: ReadonlyMap<string, string>;
}

function findConditions(plan: Plan, { table, aliases }: Instance, { facts, parser, names }: Reading) {
  const found = new Map<string, IndexCondition>();
  for (const node of plan.nodes) {
    for (const field of conditionFields) {
      const text = textField(node, field);
      if (text === null || !mentions(text, aliases)) continue;
      for (const read of readIndexConditions(parser, text)) {
        if (!aliases.has(read.alias)) continue;
        const condition = toUsable(read, table, facts);
        if (condition === null) continue;
        const { use, key, operator, value } = condition;
        const others = [...(value?.aliases ?? [])].sort();
        found.set(JSON.stringify([use, key, operator, others, value?.constants ?? null]), {
          ...condition,
          text: toWrittenText(condition.text, names),
        });
      }
    }
  }
  return [...found.values()];
}

function mentions(text: string, aliases: ReadonlySet<string>): boolean {
  return findReferences(text).some(({ alias }) => aliases.has(alias));
}

/** The first keys of a list that are this table's alone. */
function readOrder(texts: readonly string[], aliases: ReadonlySet<string>, parser: SqlParser): OrderKey[] {
  const keys: OrderKey[] = [];
  for (const text of texts) {
    const references = findReferences(text);
    if (references.length === 0 || !references.every(({ alias }) => aliases.has(alias))) break;
    const key = readOrderKey(parser, text);
    if (key === null) break;
    keys.push(key);
  }
  return keys;
}

/** min(o.total), max(o.total) among what a node without groups computes. */
const extreme = /^(?:pg_catalog\.)?(?:min|max)\((.+)\)$/;

function findOrders(tree: PlanTree, instance: Instance, { parser, names }: Reading): TableOrder[] {
  const { aliases } = instance;
  const orders: TableOrder[] = [];
  for (const node of tree.plan.nodes) {
    const sorted = textsField(node, 'Sort Key');
    const grouped = textsField(node, 'Group Key');
    const add = (texts: readonly string[], purpose: TableOrder['purpose']) => {
      const keys = readOrder(texts, aliases, parser);
      const text = texts.slice(0, keys.length).join(', ');
      if (keys.length > 0) orders.push({ keys, purpose, text: toWrittenText(text, names) });
    };
    add(sorted, 'sort');
    add(grouped, 'group');
    if (node.type !== 'Aggregate') continue;
    for (const output of readOutput(node, instance)) {
      const argument = extreme.exec(output)?.[1];
      if (argument !== undefined) add([...grouped, argument], 'extreme');
    }
  }
  const byText = new Map(orders.map((order) => [`${order.purpose} ${order.text}`, order]));
  return [...byText.values()];
}

/**
 * A scan may hand up more columns than anyone asked it for (a physical row costs nothing to pass on), so what is needed is
 * read from the nodes above it.
 */
function findColumns(tree: PlanTree, instance: Instance): Set<string> | null {
  const { aliases, scans } = instance;
  const columns = new Set<string>();
  const isScan = new Set(scans.map(({ id }) => id));
  for (const node of tree.plan.nodes) {
    if (node.type === 'ModifyTable' || node.type === 'LockRows') {
      const below = inputsOf(tree, node);
      if (below.length > 0 && scans.some((scan) => isBelow(tree, scan, node))) return null;
    }
    const isPassedOn = isScan.has(node.id) && parentOf(tree, node) !== null;
    for (const field of Object.keys(node.fields)) {
      if (nameField.test(field) || (field === 'Output' && isPassedOn)) continue;
      for (const text of field === 'Output' ? readOutput(node, instance) : textsField(node, field)) {
        if (!listFields.has(field) && !text.includes('.')) continue;
        for (const { alias, column } of findReferences(text)) if (aliases.has(alias)) columns.add(column);
        if ([...aliases].some((alias) => text.includes(`${quoteName(alias)}.*`))) return null;
      }
    }
  }
  return columns;
}

function isBelow(tree: PlanTree, node: PlanNode, above: PlanNode): boolean {
  for (let at: PlanNode | null = node; at !== null; at = parentOf(tree, at)) if (at.id === above.id) return true;
  return false;
}

export function findTableUses(sql: string, plan: Plan, facts: IndexAdviceFacts, parser: SqlParser): TableUse[] {
  const tree = toPlanTree(plan);
  const reading = { facts, parser, names: findNames(plan, facts, findWrittenNames(sql, parser)) };
  return findInstances(plan, facts, reading.names).map((instance) => ({
    table: instance.table,
    aliases: instance.aliases,
    conditions: findConditions(plan, instance, reading),
    orders: findOrders(tree, instance, reading),
    columns: findColumns(tree, instance),
  }));
}

/** Relations that the plan reads in whatever way, each once. */
export function findReadRelations(plan: Plan): { schema: string; name: string }[] {
  const found = new Map<string, { schema: string; name: string }>();
  for (const { schema, relation } of plan.nodes) {
    if (schema === null || relation === null) continue;
    found.set(JSON.stringify([schema, relation]), { schema, name: relation });
  }
  return [...found.values()];
}

/** Names of functions that conditions, orders and groups call: whether they are IMMUTABLE decides what an index can hold. */
export function findCalledFunctions(plan: Plan): string[] {
  const names = new Set<string>();
  for (const node of plan.nodes) {
    for (const field of [...conditionFields, 'Sort Key', 'Group Key']) {
      for (const text of textsField(node, field)) {
        for (const [, name] of withoutAliases(text).matchAll(/(?:^|[^\w$"])([a-z_][\w$]*|"[^"]+")\(/gi)) {
          if (name !== undefined) names.add(name.startsWith(`"`) ? name.slice(1, -1) : name.toLowerCase());
        }
      }
    }
  }
  return [...names];
}
