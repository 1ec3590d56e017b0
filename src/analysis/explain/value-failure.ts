import { DatabaseFailure } from '../connection/connection-failure';
import type { NumberedStatement, StatementParameter } from '../sql/placeholders';

/** A failure that is about a parameter's value says so by the parameter's name and value, as the user knows them. */
export function toValueFailure(
  failure: DatabaseFailure,
  { parameters }: NumberedStatement,
  values: readonly (string | null)[],
  /** What to do next; nothing where a button says so. */
  toNextStep: (parameter: StatementParameter) => string = () => '',
): DatabaseFailure {
  const { kind, details } = failure;
  const wrong = details.parameter ?? null;
  const parameter = wrong === null ? undefined : parameters[wrong.index];
  if (wrong === null || parameter === undefined) return failure;
  const message = `${parameter.name}: '${values[wrong.index] ?? ''}' ${wrong.problem}.`;
  return new DatabaseFailure(kind, message, toNextStep(parameter), details, { cause: failure });
}
