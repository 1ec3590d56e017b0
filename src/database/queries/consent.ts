import * as z from 'zod';
import bodyOperatorsSql from './consent/body-operators.sql';
import cascadesSql from './consent/cascades.sql';
import castsSql from './consent/casts.sql';
import functionsSql from './consent/functions.sql';
import namedFunctionsSql from './consent/named-functions.sql';
import namedOperatorsSql from './consent/named-operators.sql';
import namedRelationsSql from './consent/named-relations.sql';
import operatorClassFunctionsSql from './consent/operator-class-functions.sql';
import operatorFunctionsSql from './consent/operator-functions.sql';
import possibleTypesSql from './consent/possible-types.sql';
import relationsSql from './consent/relations.sql';
import statementSettingsSql from './consent/statement-settings.sql';
import storedExpressionsSql from './consent/stored-expressions.sql';
import triggerFunctionsSql from './consent/trigger-functions.sql';
import typeExpressionsSql from './consent/type-expressions.sql';
import { int8, oldestVersionNumber, type CatalogueQuery } from './query';

function define<Row extends z.ZodType>(name: string, sql: string, row: Row): CatalogueQuery<Row> {
  return { name, row, variants: [{ when: oldestVersionNumber, sql }] };
}

const oidRow = z.object({ oid: int8 });
/** An object and how the statement comes to it. */
const sourceRow = z.object({ oid: int8, source: z.string() });

export const statementSettingsQuery = define(
  'the search path',
  statementSettingsSql,
  z.object({
    schemas: z.array(z.string()),
    search_path: z.string(),
    standard_conforming_strings: z.string(),
    server_encoding: z.string(),
  }),
);
export const namedRelationsQuery = define("the statement's relations", namedRelationsSql, oidRow);
export const relationsQuery = define(
  "the statement's relations",
  relationsSql,
  z.object({ oid: int8, name: z.string(), kind: z.string() }),
);
export const storedExpressionsQuery = define(
  'views, policies and defaults',
  storedExpressionsSql,
  z.object({ source: z.string(), tree: z.string(), folded: z.boolean() }),
);
export const triggerFunctionsQuery = define(
  'triggers',
  triggerFunctionsSql,
  sourceRow.extend({
    /** Its WHEN condition. */
    tree: z.string().nullable(),
  }),
);
export const cascadesQuery = define('foreign keys', cascadesSql, oidRow);
export const namedFunctionsQuery = define("the statement's functions", namedFunctionsSql, oidRow);
export const functionsQuery = define(
  "the statement's functions",
  functionsSql,
  z.object({
    oid: int8,
    schema: z.string(),
    name: z.string(),
    signature: z.string(),
    volatility: z.enum(['i', 's', 'v']),
    builtin: z.boolean(),
    result_type: int8,
    all_types: z.array(int8),
    parameter_types: z.array(int8),
    parameter_categories: z.array(z.string()),
    takes_one: z.boolean(),
    takes_row: z.boolean().nullable(),
  }),
);
const operandRow = { type: int8.nullable(), builtin: z.boolean().nullable(), category: z.string().nullable() };
export const namedOperatorsQuery = define(
  "the statement's operators",
  namedOperatorsSql,
  z.object({
    oid: int8,
    schema: z.string(),
    name: z.string(),
    /** What it calls, and what estimates it when that is not PostgreSQL's own. */
    functions: z.array(int8),
    result_type: int8,
    left_type: operandRow.type,
    left_builtin: operandRow.builtin,
    left_category: operandRow.category,
    right_type: operandRow.type,
    right_builtin: operandRow.builtin,
    right_category: operandRow.category,
    has_text: z.boolean(),
  }),
);
export const operatorFunctionsQuery = define(
  'operators',
  operatorFunctionsSql,
  z.object({ oid: int8, function: int8 }),
);
export const bodyOperatorsQuery = define('operators', bodyOperatorsSql, sourceRow);
export const possibleTypesQuery = define("the statement's types", possibleTypesSql, oidRow);
export const typeExpressionsQuery = define(
  'domains and ranges',
  typeExpressionsSql,
  z.object({ source: z.string(), tree: z.string().nullable(), function: int8.nullable() }),
);
export const castsQuery = define(
  'casts',
  castsSql,
  z.object({
    source_type: int8,
    target_type: int8,
    /** 0 for a cast without a function. */
    function: int8,
    /** 'i': implicit, 'a': in assignments, 'e': only where it is written. */
    context: z.enum(['i', 'a', 'e']),
    source: z.string(),
  }),
);
export const operatorClassFunctionsQuery = define('operator classes', operatorClassFunctionsSql, sourceRow);
