// Which columns a statement sets, by the grammar: an UPDATE that touches no indexed column can be HOT, and needs no entry in
// any index.
import type { Plan } from '../../plan/plan';
import { textField } from '../../plan/fields';
import { visitTree } from '../../sql/parse-tree';
import type { SqlParser } from '../../sql/sql-parser';

export interface UpdatedColumns {
  schema: string;
  table: string;
  columns: readonly string[];
}

/** The plan says which table it is; a statement with several writes (in CTEs) is told apart by the tables' names. */
export function findUpdatedColumns(sql: string, plan: Plan, parser: SqlParser): UpdatedColumns[] {
  const written = plan.nodes.filter(
    (node) => node.type === 'ModifyTable' && /^(?:Update|Merge|Insert)$/.test(textField(node, 'Operation') ?? ''),
  );
  if (written.length === 0) return [];
  const parse = parser.parse(sql);
  if (parse.confidence !== 'full') return [];
  const found: { table: string; columns: string[] }[] = [];
  visitTree(parse.tree, (type, fields) => {
    if (type === 'UpdateStmt')
      found.push({ table: relationName(fields['relation']), columns: targets(fields['targetList']) });
    if (type === 'InsertStmt') {
      const conflict = fields['onConflictClause'];
      const list = isRecord(conflict) ? targets(conflict['targetList']) : [];
      if (list.length > 0) found.push({ table: relationName(fields['relation']), columns: list });
    }
    if (type === 'MergeStmt')
      found.push({ table: relationName(fields['relation']), columns: mergeTargets(fields['mergeWhenClauses']) });
  });
  return written.flatMap(({ schema, relation }) => {
    const columns = [...new Set(found.filter(({ table }) => table === relation).flatMap((each) => each.columns))];
    return schema === null || relation === null || columns.length === 0 ? [] : [{ schema, table: relation, columns }];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function relationName(relation: unknown): string {
  return isRecord(relation) && typeof relation['relname'] === 'string' ? relation['relname'] : '';
}

function targets(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return (list as unknown[]).flatMap((each) => {
    const target = isRecord(each) ? each['ResTarget'] : undefined;
    return isRecord(target) && typeof target['name'] === 'string' ? [target['name']] : [];
  });
}

function mergeTargets(clauses: unknown): string[] {
  if (!Array.isArray(clauses)) return [];
  return (clauses as unknown[]).flatMap((each) => {
    const clause = isRecord(each) ? each['MergeWhenClause'] : undefined;
    return isRecord(clause) && clause['commandType'] === 'CMD_UPDATE' ? targets(clause['targetList']) : [];
  });
}
