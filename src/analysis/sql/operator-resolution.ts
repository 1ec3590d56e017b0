// Which of the operators or functions of a name PostgreSQL could take for an expression. The answer errs on the side of
// "could": one is ruled out only when one of its operand types can't be there.
import type { FunctionUse, OperandClass, OperatorUse } from './statement-facts';

/** A domain stands for its base type, an array for its elements: a value of those becomes one by itself. */
export interface CatalogueType {
  oid: number;
  /** Made by initdb. */
  builtin: boolean;
  /** pg_type.typcategory; 'P' for polymorphic and other pseudo-types. */
  category: string;
}

export interface CatalogueOperator {
  schema: string;
  name: string;
  /** Null for a prefix operator's left side. */
  left: CatalogueType | null;
  right: CatalogueType | null;
}

/** `possible` holds the types outside PostgreSQL's own that a column, cast or result of the statement has. */
function fits(type: CatalogueType | null, operand: OperandClass, possible: ReadonlySet<number>): boolean {
  if (type === null || operand === 'none') return type === null && operand === 'none';
  if (operand === 'untyped' || type.category === 'P') return true;
  if (!type.builtin) return possible.has(type.oid) || (operand === 'row' && type.category === 'C');
  // a numeric literal becomes no text, date or array by itself
  return operand !== 'number' || type.category === 'N';
}

/** pg_temp stands for whatever the session's own schema is called. */
function isSchemaMeant(written: string | null, schema: string): boolean {
  return written === null || written === schema || written === 'pg_temp';
}

function isFamiliar(type: CatalogueType | null, possible: ReadonlySet<number>): boolean {
  return type === null || type.builtin || possible.has(type.oid);
}

/**
 * Whether an operator may be what one of the uses means. `hasTextOperator` says that PostgreSQL itself has an operator of
 * this name for two texts: between two untyped operands that one wins over every operator of another type.
 */
export function isOperatorPossible(
  operator: CatalogueOperator,
  uses: readonly OperatorUse[],
  possible: ReadonlySet<number>,
  hasTextOperator: boolean,
): boolean {
  return uses.some((use) => {
    if (use.name !== operator.name) return false;
    if (!isSchemaMeant(use.schema, operator.schema)) return false;
    if (!fits(operator.left, use.left, possible) || !fits(operator.right, use.right, possible)) return false;
    const textWins = hasTextOperator && use.schema === null && use.left === 'untyped' && use.right === 'untyped';
    return !textWins || (isFamiliar(operator.left, possible) && isFamiliar(operator.right, possible));
  });
}

/** Whether a function may be what one of the uses of its name means. */
export function isFunctionPossible(
  { schema, name, parameters }: { schema: string; name: string; parameters: readonly CatalogueType[] },
  uses: readonly FunctionUse[],
  possible: ReadonlySet<number>,
): boolean {
  return uses.some((use) => {
    if (use.name !== name || !isSchemaMeant(use.schema, schema)) return false;
    // arguments beyond the parameters are VARIADIC's
    return (use.arguments ?? []).every((operand, index) => {
      const type = parameters[index];
      return type === undefined || type.builtin || fits(type, operand, possible);
    });
  });
}
