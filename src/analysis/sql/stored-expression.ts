// Expressions as PostgreSQL stores them (pg_node_tree): views, policies, defaults, checks, index expressions. The server has
// resolved every name in them, so they say exactly which functions, operators, types and relations take part.

export interface StoredReferences {
  functions: number[];
  operators: number[];
  relations: number[];
  types: number[];
}

/**
 * Field names of pg_node_tree that hold OIDs, the same from PostgreSQL 13 to 18. Names and texts in a tree have their
 * spaces escaped, so none of them can look like a field and hide or make one up.
 */
const fieldPatterns: Record<keyof StoredReferences, RegExp> = {
  functions: /:(?:\w*funcid|aggfnoid|winfnoid|startInRangeFunc|endInRangeFunc) (\d+)/g,
  operators: /:(?:eqop|sortop|\w*opnos?) (\d+|\(o[ \d]*\))/g,
  relations: /:relid (\d+)/g,
  types: /:\w*(?:type|typeid|typeId|types) (\d+|\(o[ \d]*\))/g,
};

function findNumbers(tree: string, pattern: RegExp): number[] {
  const found = new Set<number>();
  for (const match of tree.matchAll(pattern)) {
    for (const number of (match[1] ?? '').matchAll(/\d+/g)) found.add(Number(number[0]));
  }
  found.delete(0);
  return [...found];
}

export function findStoredReferences(tree: string): StoredReferences {
  return {
    functions: findNumbers(tree, fieldPatterns.functions),
    operators: findNumbers(tree, fieldPatterns.operators),
    relations: findNumbers(tree, fieldPatterns.relations),
    types: findNumbers(tree, fieldPatterns.types),
  };
}
