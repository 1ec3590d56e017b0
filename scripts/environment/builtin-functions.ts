// Which of PostgreSQL's own functions count as harmless: what the generated list is made of and what a test checks it with.
import { harmfulStableFunctions, harmlessVolatileFunctions } from '../../src/analysis/sql/function-review';

export interface BuiltinFunction {
  name: string;
  signature: string;
  volatility: 'i' | 's' | 'v';
  /** True for functions that SQL can't call, or that read a value as a type named by its number. */
  internal: boolean;
}

/** Objects below 16384 are made by initdb. */
export const builtinFunctionsSql = `
  SELECT p.proname AS name, p.oid::pg_catalog.regprocedure::text AS signature, p.provolatile AS volatility,
    'internal'::pg_catalog.regtype::pg_catalog.oid = ANY (p.proargtypes)
      OR 'cstring'::pg_catalog.regtype::pg_catalog.oid = ANY (p.proargtypes) AS internal
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid < 16384 AND n.nspname IN ('pg_catalog', 'information_schema')
  ORDER BY 1, 2`;

export function isReviewedAsHarmless({ name, volatility, internal }: BuiltinFunction): boolean {
  if (harmlessVolatileFunctions.includes(name)) return true;
  return volatility !== 'v' && !internal && !(name in harmfulStableFunctions);
}
