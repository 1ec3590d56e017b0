// Walking libpg-query's trees. A node of any type is wrapped as { TypeName: fields }; a field whose type is fixed holds the
// fields without the wrapper.
import type { A_Const, ColumnRef, Node, ParamRef } from '@pgsql/types';

export type Fields = Record<string, unknown>;

/** A wrapped node's type and fields. */
export interface VisitedNode {
  type: string;
  fields: Fields;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The wrapper is the only key, and types begin with a capital where fields do not. */
export function unwrap(value: unknown): VisitedNode | null {
  if (!isFields(value)) return null;
  const [type, ...others] = Object.keys(value);
  if (type === undefined || others.length > 0 || !/^[A-Z]/.test(type)) return null;
  const fields = value[type];
  return isFields(fields) ? { type, fields } : null;
}

/**
 * Visits every node, parents first, in the order of the text. `visit` gets the fields of unwrapped nodes too, with a type
 * of null. Without recursion: generated SQL nests thousands of operators.
 */
export function visitTree(root: unknown, visit: (type: string | null, fields: Fields, key: string) => void): void {
  const open: { value: unknown; key: string }[] = [{ value: root, key: '' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, key } = next;
    if (Array.isArray(value)) {
      for (const item of (value as unknown[]).toReversed()) open.push({ value: item, key });
    } else if (isFields(value)) {
      const node = unwrap(value);
      const fields = node?.fields ?? value;
      visit(node?.type ?? null, fields, key);
      for (const [name, child] of Object.entries(fields).reverse()) open.push({ value: child, key: name });
    }
  }
}

/** Texts of a list of String nodes; other nodes (the * of a column reference) are left out. */
export function toNames(nodes: unknown): string[] {
  if (!Array.isArray(nodes)) return [];
  return (nodes as unknown[]).flatMap((node) => {
    const string = unwrap(node);
    return string?.type === 'String' ? [typeof string.fields['sval'] === 'string' ? string.fields['sval'] : ''] : [];
  });
}

/** The fields of `node` when it is of that type. */
export function asColumnRef(node: Node | undefined): ColumnRef | null {
  return node !== undefined && 'ColumnRef' in node ? node.ColumnRef : null;
}

export function asParamRef(node: Node | undefined): ParamRef | null {
  return node !== undefined && 'ParamRef' in node ? node.ParamRef : null;
}

export function asConst(node: Node | undefined): A_Const | null {
  return node !== undefined && 'A_Const' in node ? node.A_Const : null;
}
