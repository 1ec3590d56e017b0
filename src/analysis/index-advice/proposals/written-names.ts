// A plan has a name of its own for each scan: partitions of "orders" are orders_1, orders_2 ..., and so is a second "orders"
// in a subquery. People are told the name that they wrote.
import { visitTree } from '../../sql/parse-tree';
import type { SqlParser } from '../../sql/sql-parser';
import { findReferences, replaceAliases } from './key-expression';

/** Aliases, and names of relations without one, that the statement itself has; empty where it can't be parsed. */
export function findWrittenNames(sql: string, parser: SqlParser): ReadonlySet<string> {
  const parse = parser.parse(sql);
  const names = new Set<string>();
  if (parse.confidence !== 'full') return names;
  visitTree(parse.tree, (_, { alias, relname }) => {
    if (typeof relname !== 'string') return;
    const written = (alias as { aliasname?: string } | undefined)?.aliasname;
    names.add(written ?? relname);
  });
  return names;
}

/** Of a partition that of its table, which the statement need not have: a view may have named it. */
export function toWrittenName(alias: string, isPartitioned: boolean, written: ReadonlySet<string>): string {
  const base = alias.replace(/_\d+$/, '');
  return !written.has(alias) && (isPartitioned || written.has(base)) ? base : alias;
}

/** An expression of a plan, as it was printed where two of its names would become one. */
export function toWrittenText(text: string, names: ReadonlyMap<string, string>): string {
  const aliases = new Set(findReferences(text).map(({ alias }) => alias));
  const renamed = new Set([...aliases].map((alias) => names.get(alias) ?? alias));
  return renamed.size < aliases.size ? text : replaceAliases(text, (alias) => names.get(alias) ?? alias);
}
